-- Shared by the session scripts: the layout of the sessions hash.

-- The field that holds epoch and generation of the user; every other field is a session id.
local USER_FIELD = '#'

-- The epoch before the first one; data written under it is void.
local NO_EPOCH = '0'

local function is_session(field)
  return field ~= USER_FIELD
end

-- A session id as stored in hash and index: the 16 bytes of the UUID, which callers pass in lower case. A
-- text that is no UUID is stored unchanged.
local function session_field(session_id)
  if #session_id ~= 36 then
    return session_id
  end
  local high = tonumber(string.sub(session_id, 1, 8) .. string.sub(session_id, 10, 13), 16)
  local middle = tonumber(string.sub(session_id, 15, 18) .. string.sub(session_id, 20, 23), 16)
  local low = tonumber(string.sub(session_id, 25, 36), 16)
  return high and middle and low and struct.pack('>I6I4I6', high, middle, low) or session_id
end

local function encode_user(epoch, generation)
  return epoch .. '|' .. generation
end

-- Takes the reply of HGET. Returns the epoch as text and the generation as a number; nothing if the field
-- is missing.
local function decode_user(value)
  if value then
    local epoch, generation = string.match(value, '^(%d+)|(%d+)$')
    return epoch, tonumber(generation)
  end
end

local DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

local function to_base36(number)
  local text = ''
  repeat
    local digit = number % 36
    text = string.sub(DIGITS, digit + 1, digit + 1) .. text
    number = (number - digit) / 36
  until number == 0
  return text
end

-- The default role is omitted, unless more follows.
local USUAL_ROLE = 'user'

-- Eight digits can represent every instant from 1972 to 2059. idle_at_ms: nil without an idle time-out.
-- version: of the details; 0 if there are none. An entry with a version and without details only keeps older
-- details away: the session is unknown.
local function encode_entry(generation, role, expires_at_ms, idle_at_ms, version, details)
  local text = to_base36(math.min(expires_at_ms, idle_at_ms or expires_at_ms)) .. to_base36(generation)
  if idle_at_ms or version > 0 then
    text = text .. '|' .. role .. '|' .. (idle_at_ms and to_base36(expires_at_ms) or '')
  elseif role ~= USUAL_ROLE then
    text = text .. '|' .. role
  end
  return version > 0 and text .. '|' .. to_base36(version) .. '|' .. details or text
end

-- Takes the reply of HGET. Returns as numbers the generation and the instant at which the session is over, which
-- is also that of the index and of the statistics; nothing without an entry, and for an entry in the format of
-- another release.
local function decode_entry(entry)
  if entry then
    local expiry, generation = string.match(entry, '^(........)(%w+)')
    local expires_at_ms = generation and tonumber(expiry, 36)
    if expires_at_ms then
      return tonumber(generation, 36), expires_at_ms
    end
  end
end

-- Returns the rest of an entry that decode_entry accepts: role, expires_at_ms, idle_at_ms or nil, version, details.
local function decode_rest(entry)
  local _, ends_at_ms = decode_entry(entry)
  local role, expiry, version, details =
    string.match(entry, '^........%w+|([^|]*)|?(%w*)|?(%w*)|?(.*)$')
  local expires_at_ms = expiry and tonumber(expiry, 36)
  return role or USUAL_ROLE,
    expires_at_ms or ends_at_ms,
    expires_at_ms and ends_at_ms,
    version and tonumber(version, 36) or 0,
    details or ''
end

-- Whether the entry only keeps older details away.
local function is_fence(entry)
  return string.byte(entry, -1) == string.byte('|') and string.find(entry, '|%w+|$') ~= nil
end

-- Moves a session that is in the hash to a generation, unless it is in that or a later one.
local function move_to_generation(sessions_key, field, generation)
  local entry = redis.call('HGET', sessions_key, field)
  local known = decode_entry(entry)
  if known and known < generation then
    local expiry, rest = string.match(entry, '^(........)%w+(.*)$')
    redis.call('HSET', sessions_key, field, expiry .. to_base36(generation) .. rest)
  end
end

-- The score of an expiry in the index: the second by the end of which it is reached.
local function index_score(expires_at_ms)
  return math.ceil(expires_at_ms / 1000)
end

-- Only prolongs the lifetime of a key: another session in it may live longer.
local function keep_at_least(key, ttl_ms)
  if redis.call('PTTL', key) < ttl_ms then
    redis.call('PEXPIRE', key, ttl_ms)
  end
end
