-- Writes a session of Postgres to Redis. Refuses if the session, or all sessions of its user, were revoked
-- meanwhile, or if Redis has lost data since its record was read. Sessions that the limit per user has ended
-- get their tombstones in the same step, and a page of the user's expired sessions is removed.
-- KEYS[1] sessions hash of the user
-- KEYS[2] index of the user
-- KEYS[3] tombstone of the session
-- KEYS[4] statistics hash
-- KEYS[5] checkpoint
-- KEYS[6..] tombstones of the sessions that the limit has ended
-- ARGV[1] session id
-- ARGV[2] generation of the session
-- ARGV[3] role
-- ARGV[4] expires, Unix time in ms
-- ARGV[5] now, Unix time in ms
-- ARGV[6] epoch in which Redis was in sync before Postgres was read
-- ARGV[7] end of the lease: the session may be written until then, Unix time in ms by the clock of this server
-- ARGV[8..] for each of KEYS[6..]: session id, lifetime of the tombstone in ms
-- Returns 1 written (or already present); -1 the session has a tombstone; -2 Redis has a newer generation;
-- -3 another epoch has begun; -4 it is later than ARGV[7], so a tombstone may have expired already. Atomic:
-- the check and the writes. On a refusal the session is not written, but the sessions that the limit has
-- ended get their tombstones, because Postgres has recorded their end.
--- @include entry.lua
--- @include ../../../statistics/scripts/count.lua
--- @include ../../../sync/scripts/checkpoint.lua
--- @include ../../../sync/scripts/time.lua
--- @include end.lua
local now_ms = tonumber(ARGV[5])
for i = 6, #KEYS do
  local session_id, ttl_ms = ARGV[2 * i - 4], tonumber(ARGV[2 * i - 3])
  add_tombstone(KEYS[i], KEYS[4], ttl_ms)
  remove_sessions(KEYS[1], KEYS[2], KEYS[4], { session_field(session_id) })
end
if decode_checkpoint(redis.call('GET', KEYS[5])) ~= ARGV[6] then
  return -3
end
if redis.call('EXISTS', KEYS[3]) == 1 then
  return -1
end
if server_now_ms() > tonumber(ARGV[7]) then
  return -4
end
local known_epoch, known_generation = decode_user(redis.call('HGET', KEYS[1], USER_FIELD))
if known_epoch ~= ARGV[6] then
  drop_other_epoch(KEYS[1], KEYS[2], KEYS[4], ARGV[6])
elseif tonumber(ARGV[2]) < known_generation then
  return -2
end
remove_expired(KEYS[1], KEYS[2], KEYS[4], now_ms)
local expires_at_ms = tonumber(ARGV[4])
local field = session_field(ARGV[1])
local _, counted_expiry = decode_entry(redis.call('HGET', KEYS[1], field))
if counted_expiry then
  if counted_expiry > expires_at_ms then
    -- This read of Postgres is older: a refresh has prolonged the session since.
    return 1
  end
  count(KEYS[4], 's', counted_expiry, -1, ARGV[6])
end
redis.call(
  'HSET', KEYS[1],
  USER_FIELD, encode_user(ARGV[6], ARGV[2]),
  field, encode_entry(ARGV[2], ARGV[3], expires_at_ms)
)
redis.call('ZADD', KEYS[2], index_score(expires_at_ms), field)
count(KEYS[4], 's', expires_at_ms, 1, ARGV[6])
keep_at_least(KEYS[1], expires_at_ms - now_ms)
keep_at_least(KEYS[2], expires_at_ms - now_ms)
return 1
