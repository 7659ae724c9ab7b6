-- Caches a profile unless something newer, a profile or a fence, stands there.
-- KEYS[1] profile entry of the user
-- KEYS[2] statistics hash
-- ARGV[1] version
-- ARGV[2] profile as JSON
-- ARGV[3] life of the entry, ms
-- Returns 1 stored, 0 refused as older. Of two equal versions the later call wins. Atomic.
--- @include ../../statistics/scripts/count.lua
local entry = redis.call('GET', KEYS[1])
if entry then
  local version, json = string.match(entry, '^(%d+):(.*)$')
  if tonumber(version) > tonumber(ARGV[1]) then
    return 0
  end
  if json ~= '' then
    count(KEYS[2], 'p', redis.call('PEXPIRETIME', KEYS[1]), -1)
  end
end
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], 'PX', ARGV[3])
count(KEYS[2], 'p', redis.call('PEXPIRETIME', KEYS[1]), 1)
return 1
