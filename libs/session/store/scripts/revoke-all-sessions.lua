-- Ends every session of a user that is older than a generation.
-- KEYS[1] sessions hash of the user
-- KEYS[2] index of the user
-- KEYS[3] statistics hash
-- KEYS[4..] tombstones of the sessions that the record ended
-- ARGV[1] the user's new generation
-- ARGV[2] ms for which the generation must be remembered
-- ARGV[3] now, ms since the epoch
-- ARGV[4..] life of each tombstone of KEYS[4..], ms; 0: none is needed
-- Returns the number of sessions that Redis forgot. Idempotent. A session of the new generation or
-- a later one, opened before this call arrived, lives on. Atomic; one step a session.
--- @include entry.lua
--- @include ../../../statistics/scripts/count.lua
--- @include end.lua
local now_ms = tonumber(ARGV[3])
for i = 4, #KEYS do
  bury(KEYS[i], KEYS[3], tonumber(ARGV[i]), now_ms)
end
local fields = redis.call('HGETALL', KEYS[1])
local generation = tonumber(ARGV[1])
local forgotten = 0
for i = 1, #fields, 2 do
  if fields[i] == GENERATION_FIELD then
    generation = math.max(generation, tonumber(fields[i + 1]))
  end
end
for i = 1, #fields, 2 do
  if fields[i] ~= GENERATION_FIELD then
    local session_generation, expires_at_ms = decode_entry(fields[i + 1])
    if session_generation < generation then
      redis.call('HDEL', KEYS[1], fields[i])
      redis.call('ZREM', KEYS[2], fields[i])
      count(KEYS[3], 's', expires_at_ms, -1)
      forgotten = forgotten + 1
    end
  end
end
redis.call('HSET', KEYS[1], GENERATION_FIELD, generation)
keep_at_least(KEYS[1], tonumber(ARGV[2]))
return forgotten
