-- How much there is of each kind.
-- KEYS[1] statistics hash
-- KEYS[2] position
-- ARGV[1] now, ms since the epoch
-- Returns {sessions, cached profiles, tombstones}. Cost: a few steps for each minute since the last
-- reading, whatever there is to count.
--- @include count.lua
--- @include sweep.lua
--- @include ../../sync/scripts/position.lua
local era = decode_position(redis.call('GET', KEYS[2]))
if era then
  follow_era(KEYS[1], era)
end
sweep(KEYS[1], math.floor(tonumber(ARGV[1]) / 60000))
return totals(KEYS[1])
