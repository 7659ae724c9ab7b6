-- Tries every command that the scripts of the product use, and removes what it has written.
-- KEYS[1..] keys that no other code uses
-- ARGV[1..] type of each key: string, hash or zset
-- Returns the commands that failed, as {command, error, number of the key}: none if the server can be used.
-- Not atomic if UNLINK fails: the key then expires after a minute.
local LIFE_MS = 60000

-- Name, then the arguments after the key. The last one removes the key.
local ATTEMPTS = {
  string = {
    { 'SET', '1', 'PX', LIFE_MS, 'NX' },
    { 'INCR' },
    { 'GET' },
    { 'EXPIRE', LIFE_MS / 1000 },
  },
  hash = {
    { 'HSET', 'field', '1' },
    { 'HINCRBY', 'field', 1 },
    { 'HGET', 'field' },
    { 'HMGET', 'field', 'other' },
    { 'HGETALL' },
    { 'HKEYS' },
    { 'HSCAN', '0' },
    { 'HDEL', 'other' },
  },
  zset = {
    { 'ZADD', 1, 'member' },
    { 'ZRANGE', 0, -1 },
    { 'ZREM', 'other' },
  },
}
local ANY = {
  { 'EXISTS' },
  { 'PEXPIRE', LIFE_MS },
  { 'PTTL' },
  { 'PEXPIRETIME' },
  { 'UNLINK' },
}

local failures = {}

local function note(command, reply, i)
  if type(reply) == 'table' and reply.err then
    failures[#failures + 1] = { command, reply.err, i }
  end
end

local function try(i, attempts)
  for _, attempt in ipairs(attempts) do
    note(attempt[1], redis.pcall(attempt[1], KEYS[i], unpack(attempt, 2)), i)
  end
end

note('TIME', redis.pcall('TIME'), 1)
for i = 1, #KEYS do
  try(i, ATTEMPTS[ARGV[i]])
  try(i, ANY)
end
return failures
