-- Checks for each session whether it is alive and, if so, reads one more key of the same user.
-- KEYS of each session: its user's sessions hash, its tombstone and, if ARGV[2] is 3, a string key to read
-- ARGV[1] now, Unix time in ms
-- ARGV[2] keys per session: 2, or 3 with a string key to read
-- ARGV of each session: its id, and the epoch: data of another epoch is void
-- Returns for each {1, entry, value of the string key or nil} alive; {0} unknown; {-1} it has a tombstone;
-- {-2} expired, according to Redis; {-3} all sessions of its generation were revoked. An unreadable entry is
-- unknown, and does not affect the other sessions. Writes nothing.
--- @include entry.lua
local now_ms = tonumber(ARGV[1])
local stride = tonumber(ARGV[2])

local function verify(sessions_key, tombstone_key, profile_key, session_id, asked_epoch)
  if redis.call('EXISTS', tombstone_key) == 1 then
    return { -1 }
  end
  local known = redis.call('HMGET', sessions_key, session_field(session_id), USER_FIELD)
  local epoch, known_generation = decode_user(known[2])
  local generation, expires_at_ms = decode_entry(known[1])
  if not generation or epoch ~= asked_epoch or is_fence(known[1]) then
    return { 0 }
  end
  if generation < known_generation then
    return { -3 }
  end
  if expires_at_ms <= now_ms then
    return { -2 }
  end
  return { 1, known[1], profile_key and redis.call('GET', profile_key) }
end

local answers = {}
for i = 1, #KEYS / stride do
  local key, argument = (i - 1) * stride, 2 * i
  local profile_key = stride == 3 and KEYS[key + 3]
  local is_read, answer =
    pcall(verify, KEYS[key + 1], KEYS[key + 2], profile_key, ARGV[argument + 1], ARGV[argument + 2])
  answers[i] = is_read and answer or { 0 }
end
return answers
