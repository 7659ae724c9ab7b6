-- Takes a profile out of the cache but keeps its version as a fence: a slow read that began before
-- a change must still not put the older profile back.
-- KEYS[1] profile entry of the user
-- KEYS[2] statistics hash
-- Returns 1 cleared, 0 nothing was cached. Atomic.
--- @include ../../statistics/scripts/count.lua
local entry = redis.call('GET', KEYS[1])
if not entry then
  return 0
end
local fence, json = string.match(entry, '^(%d+:%d+:)(.*)$')
if json == '' then
  return 0
end
count(KEYS[2], 'p', redis.call('PEXPIRETIME', KEYS[1]), -1)
redis.call('SET', KEYS[1], fence, 'KEEPTTL')
return 1
