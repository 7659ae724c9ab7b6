-- Shared by the session scripts: the layout of the sessions hash.

-- The field that holds era and generation of the user, and the mark of the statistics; every other
-- field is a session id.
local USER_FIELD = '#'

-- Stands where no era has begun yet: nothing that is written under it counts.
local NO_ERA = '0'

local function is_session(field)
  return string.sub(field, 1, 1) ~= USER_FIELD
end

-- mark: the recount of the statistics that has met the user's sessions; empty before the first.
local function encode_user(era, generation, mark)
  return era .. '|' .. generation .. (mark == '' and '' or '|' .. mark)
end

-- Takes what HGET returned. Returns the era as text, the generation as a number and the mark; nothing
-- where the field is missing.
local function decode_user(value)
  if value then
    local era, generation, mark = string.match(value, '^(%d+)|(%d+)|?(%d*)$')
    return era, tonumber(generation), mark
  end
end

local function encode_entry(generation, role, created_at_ms, expires_at_ms)
  return generation .. '|' .. role .. '|' .. created_at_ms .. '|' .. expires_at_ms
end

-- Returns generation, expires_at_ms as numbers.
local function decode_entry(entry)
  local generation, expires_at_ms = string.match(entry, '^(%d+)|[^|]*|%d+|(%d+)$')
  return tonumber(generation), tonumber(expires_at_ms)
end

-- A key may only ever gain lifetime here: another session in it may live longer.
local function keep_at_least(key, ttl_ms)
  if redis.call('PTTL', key) < ttl_ms then
    redis.call('PEXPIRE', key, ttl_ms)
  end
end
