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
-- ARGV[8] end of the session unless it is used, Unix time in ms; '' without an idle time-out
-- ARGV[9], ARGV[10] version of the details, 0 without any; the details
-- ARGV[11..] for each of KEYS[6..]: session id, lifetime of the tombstone in ms
-- Returns 1 written (or already present); -1 the session has a tombstone; -2 Redis has a newer generation;
-- -3 another epoch has begun; -4 it is later than ARGV[7], so a tombstone may have expired already; -5 Redis
-- knows that the details have changed since. Atomic: the check and the writes. On a refusal the session is not written, but the sessions that the limit has
-- ended get their tombstones, because Postgres has recorded their end.
--- @include entry.lua
--- @include ../../../statistics/scripts/count.lua
--- @include ../../../sync/scripts/checkpoint.lua
--- @include ../../../sync/scripts/time.lua
--- @include end.lua
--- @include write-entry.lua
local now_ms = tonumber(ARGV[5])
for i = 6, #KEYS do
  local session_id, ttl_ms = ARGV[2 * i - 1], tonumber(ARGV[2 * i])
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
local expires_at_ms, idle_at_ms = tonumber(ARGV[4]), tonumber(ARGV[8])
local version, details = tonumber(ARGV[9]), ARGV[10]
local field = session_field(ARGV[1])
local known = redis.call('HGET', KEYS[1], field)
local _, counted_end = decode_entry(known)
if counted_end then
  -- This read of Postgres may be older than the entry: a refresh, a use or a change of the details may have come since.
  local _, known_expiry, known_idle_at, known_version, known_details = decode_rest(known)
  if known_version > version then
    if known_details == '' then
      return -5
    end
    version, details = known_version, known_details
  end
  expires_at_ms = math.max(expires_at_ms, known_expiry)
  idle_at_ms = idle_at_ms and math.max(idle_at_ms, known_idle_at or 0)
  count(KEYS[4], 's', counted_end, -1, ARGV[6])
end
redis.call('HSET', KEYS[1], USER_FIELD, encode_user(ARGV[6], ARGV[2]))
write_entry(
  KEYS[1], KEYS[2], KEYS[4], field,
  encode_entry(tonumber(ARGV[2]), ARGV[3], expires_at_ms, idle_at_ms, version, details),
  now_ms
)
return 1
