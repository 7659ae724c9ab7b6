-- Says whether a session is alive and, if so, reads one more key of the same user.
-- KEYS[1] sessions hash of the user
-- KEYS[2] tombstone of the session
-- KEYS[3] optional: a string key to read along
-- ARGV[1] session id
-- ARGV[2] now, ms since the epoch
-- ARGV[3] era: what was written in another one does not count
-- Returns {1, entry, value of KEYS[3] or nil} alive; {0} unknown; {-1} a tombstone stands;
-- {-2} expired, as far as Redis knows; {-3} all sessions of its generation were revoked. Writes
-- nothing.
--- @include entry.lua
if redis.call('EXISTS', KEYS[2]) == 1 then
  return { -1 }
end
local known = redis.call('HMGET', KEYS[1], session_field(ARGV[1]), USER_FIELD)
local era, known_generation = decode_user(known[2])
local generation, expires_at_ms = decode_entry(known[1])
if not generation or era ~= ARGV[3] then
  return { 0 }
end
if generation < known_generation then
  return { -3 }
end
if expires_at_ms <= tonumber(ARGV[2]) then
  return { -2 }
end
return { 1, known[1], KEYS[3] and redis.call('GET', KEYS[3]) }
