-- Makes a session known, or refuses when it was revoked, alone or with all others, meanwhile.
-- Sessions that had to make room for it end in the same step.
-- KEYS[1] sessions hash of the user
-- KEYS[2] index of the user
-- KEYS[3] tombstone of the session
-- KEYS[4] statistics hash
-- KEYS[5..] tombstones of the sessions that make room
-- ARGV[1] session id
-- ARGV[2] generation of the session
-- ARGV[3] role
-- ARGV[4] created, ms since the epoch
-- ARGV[5] expires, ms since the epoch
-- ARGV[6] now, ms since the epoch
-- ARGV[7..] for each of KEYS[5..]: session id, life of the tombstone in ms
-- Returns 1 opened (also when it was known already); -1 a tombstone stands; -2 Redis knows a newer
-- generation. Atomic: the check and the writes; on a refusal the session is not written, while those
-- that made room end all the same, as the record says.
--- @include entry.lua
--- @include ../../../statistics/scripts/count.lua
--- @include end.lua
local now_ms = tonumber(ARGV[6])
for i = 5, #KEYS do
  local session_id, ttl_ms = ARGV[2 * i - 3], tonumber(ARGV[2 * i - 2])
  bury(KEYS[i], KEYS[4], ttl_ms, now_ms)
  forget(KEYS[1], KEYS[2], KEYS[4], session_id)
end
if redis.call('EXISTS', KEYS[3]) == 1 then
  return -1
end
local generation = tonumber(ARGV[2])
local known = redis.call('HMGET', KEYS[1], GENERATION_FIELD, ARGV[1])
local known_generation = tonumber(known[1] or 0)
if generation < known_generation then
  return -2
end
local expires_at_ms = tonumber(ARGV[5])
local ttl_ms = expires_at_ms - now_ms
if known[2] then
  local _, counted_expiry = decode_entry(known[2])
  count(KEYS[4], 's', counted_expiry, -1)
end
redis.call(
  'HSET', KEYS[1],
  GENERATION_FIELD, generation,
  ARGV[1], encode_entry(generation, ARGV[3], ARGV[4], ARGV[5])
)
redis.call('ZADD', KEYS[2], expires_at_ms, ARGV[1])
count(KEYS[4], 's', expires_at_ms, 1)
keep_at_least(KEYS[1], ttl_ms)
keep_at_least(KEYS[2], ttl_ms)
return 1
