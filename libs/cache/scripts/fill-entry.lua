-- Caches content that was read from Postgres under a lease.
-- KEYS[1] entry of the user
-- KEYS[2] statistics hash
-- ARGV[1] kind of the statistics, or empty
-- ARGV[2] the entry as it was leased
-- ARGV[3] the entry with the content
-- ARGV[4] lifetime of the entry, ms
-- Returns 1 stored, 0 the lease has ended. Atomic.
--- @include ../../statistics/scripts/count.lua
--- @include entry.lua
local entry = redis.call('GET', KEYS[1])
if entry ~= ARGV[2] then
  return 0
end
replace_entry(KEYS[1], KEYS[2], ARGV[1], entry, ARGV[3], ARGV[4])
return 1
