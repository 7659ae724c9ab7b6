-- Shared by the session scripts: the layout of the sessions hash.
local GENERATION_FIELD = '#generation'

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
