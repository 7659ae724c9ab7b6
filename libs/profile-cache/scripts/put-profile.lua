-- Caches a profile, or puts a fence up: a version without a profile, which refuses anything older.
-- KEYS[1] profile entry of the user
-- KEYS[2] statistics hash
-- KEYS[3] position
-- ARGV[1] version
-- ARGV[2] profile as JSON; empty: only a fence
-- ARGV[3] life of the entry, ms
-- ARGV[4] era in which Redis was believed before the profile was read or written; when another one has
--         begun, the profile may be out of date by now, and only a fence is put up
-- Returns 1 stored, 2 a fence put up, 0 nothing changed: something newer stands there, or what a fence
-- would refuse is not there. Of two equal versions with a profile the later call wins. Atomic.
--- @include ../../statistics/scripts/count.lua
--- @include ../../sync/scripts/position.lua
local era = decode_position(redis.call('GET', KEYS[3])) or '0'
local version = tonumber(ARGV[1])
local json = era == ARGV[4] and ARGV[2] or ''
local entry = redis.call('GET', KEYS[1])
if entry then
  local known_era, known_version, known_json = string.match(entry, '^(%d+):(%d+):(.*)$')
  if known_era == era then
    known_version = tonumber(known_version)
    if known_version > version or (known_version == version and json == '') then
      return 0
    end
  end
  if known_json ~= '' then
    count(KEYS[2], 'p', redis.call('PEXPIRETIME', KEYS[1]), -1)
  end
end
redis.call('SET', KEYS[1], era .. ':' .. ARGV[1] .. ':' .. json, 'PX', ARGV[3])
if json == '' then
  return 2
end
count(KEYS[2], 'p', redis.call('PEXPIRETIME', KEYS[1]), 1)
return 1
