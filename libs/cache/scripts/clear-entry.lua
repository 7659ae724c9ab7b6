-- Takes content, or a lease, out of a cache and keeps the version as a fence.
-- KEYS[1] entry of the user
-- KEYS[2] statistics hash
-- ARGV[1] kind of the statistics, or empty
-- Returns 1 cleared, 0 there was nothing to clear. Atomic.
--- @include ../../statistics/scripts/count.lua
--- @include entry.lua
local entry = redis.call('GET', KEYS[1])
local fence, body = string.match(entry or '', '^(%d+:%d+:)(.*)$')
if not fence or body == '' then
  return 0
end
replace_entry(KEYS[1], KEYS[2], ARGV[1], entry, fence, redis.call('PTTL', KEYS[1]))
return 1
