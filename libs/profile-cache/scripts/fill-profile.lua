-- Caches a profile that was read from the record under a lease.
-- KEYS[1] profile entry of the user
-- KEYS[2] statistics hash
-- ARGV[1] the entry as it was leased
-- ARGV[2] the entry with the profile
-- ARGV[3] life of the entry, ms
-- Returns 1 stored, 0 the lease stands no more. Atomic.
--- @include ../../statistics/scripts/count.lua
--- @include entry.lua
local entry = redis.call('GET', KEYS[1])
if entry ~= ARGV[1] then
  return 0
end
replace_entry(KEYS[1], KEYS[2], entry, ARGV[2], ARGV[3])
return 1
