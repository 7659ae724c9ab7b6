-- Voids the details of a session that are older than a version: it is unknown until it is read from Postgres.
-- KEYS[1] sessions hash of the user
-- KEYS[2] index of the user
-- KEYS[3] tombstone of the session
-- KEYS[4] statistics hash
-- KEYS[5] checkpoint
-- ARGV[1] session id
-- ARGV[2] its generation
-- ARGV[3] expires, Unix time in ms
-- ARGV[4] version
-- ARGV[5] now, Unix time in ms
-- Returns 1 if this changed anything, else 0. Idempotent. Where the session is missing, an entry without details
-- keeps out a write with older ones that is on its way. Atomic.
--- @include entry.lua
--- @include ../../../statistics/scripts/count.lua
--- @include ../../../sync/scripts/checkpoint.lua
--- @include end.lua
--- @include write-entry.lua
local generation, expires_at_ms = tonumber(ARGV[2]), tonumber(ARGV[3])
local version, now_ms = tonumber(ARGV[4]), tonumber(ARGV[5])
local epoch = decode_checkpoint(redis.call('GET', KEYS[5])) or NO_EPOCH
local known_epoch, known_generation = decode_user(redis.call('HGET', KEYS[1], USER_FIELD))
if known_epoch ~= epoch then
  drop_other_epoch(KEYS[1], KEYS[2], KEYS[4], epoch)
  known_generation = 0
end
if generation < known_generation or expires_at_ms <= now_ms or redis.call('EXISTS', KEYS[3]) == 1 then
  return 0
end
local field = session_field(ARGV[1])
local entry = redis.call('HGET', KEYS[1], field)
local entry_generation, counted_end = decode_entry(entry)
local role, idle_at_ms = USUAL_ROLE, nil
if entry_generation then
  local _, _, _, known_version = decode_rest(entry)
  if known_version >= version then
    return 0
  end
  role, expires_at_ms, idle_at_ms = decode_rest(entry)
  generation = math.max(generation, entry_generation)
  count(KEYS[4], 's', counted_end, -1, epoch)
end
redis.call('HSET', KEYS[1], USER_FIELD, encode_user(epoch, math.max(generation, known_generation)))
write_entry(
  KEYS[1], KEYS[2], KEYS[4], field,
  encode_entry(generation, role, expires_at_ms, idle_at_ms, version, ''),
  now_ms
)
return 1
