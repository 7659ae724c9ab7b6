-- Ends one session: tombstone up, session forgotten.
-- KEYS[1] sessions hash of the user
-- KEYS[2] index of the user
-- KEYS[3] tombstone of the session
-- KEYS[4] statistics hash
-- ARGV[1] session id
-- ARGV[2] life of the tombstone, ms; 0: none is needed
-- ARGV[3] now, ms since the epoch
-- Returns 1 when Redis knew the session, else 0. Idempotent; the tombstone goes up either way.
--- @include entry.lua
--- @include ../../../statistics/scripts/count.lua
local tombstone_ttl_ms = tonumber(ARGV[2])
if tombstone_ttl_ms > 0 and redis.call('SET', KEYS[3], 1, 'PX', tombstone_ttl_ms, 'NX') then
  count(KEYS[4], 'b', tonumber(ARGV[3]) + tombstone_ttl_ms, 1)
end
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if not entry then
  return 0
end
local _, expires_at_ms = decode_entry(entry)
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
count(KEYS[4], 's', expires_at_ms, -1)
return 1
