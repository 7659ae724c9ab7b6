-- Notes how far Redis is complete, unless this is not the data that was brought up to date.
-- KEYS[1] position
-- KEYS[2] unrecorded revocations
-- ARGV[1] era
-- ARGV[2] transaction id from which on the changes were applied
-- ARGV[3] when that was noted, ms since the epoch by the clock of Postgres
-- ARGV[4] transaction id up to which they were
-- ARGV[5] when, likewise
-- Returns {1, number of unrecorded revocations}; {0} when the position is missing, of another era, or
-- further back than ARGV[2] and ARGV[3]: this Redis has lost something. Always writes on success, so
-- that a replica is noticed. Atomic.
--- @include position.lua
local era, transaction_id, recorded_at_ms = decode_position(redis.call('GET', KEYS[1]))
if era ~= ARGV[1]
  or tonumber(transaction_id) < tonumber(ARGV[2])
  or tonumber(recorded_at_ms) < tonumber(ARGV[3])
then
  return { 0 }
end
if tonumber(transaction_id) < tonumber(ARGV[4]) then
  transaction_id = ARGV[4]
end
if tonumber(recorded_at_ms) < tonumber(ARGV[5]) then
  recorded_at_ms = ARGV[5]
end
redis.call('SET', KEYS[1], era .. '|' .. transaction_id .. '|' .. recorded_at_ms)
return { 1, redis.call('HLEN', KEYS[2]) }
