-- Sets a fence at a committed version: from now on older versions are neither read nor cached.
-- KEYS[1] entry of the user
-- KEYS[2] statistics hash
-- KEYS[3] checkpoint
-- ARGV[1] kind of the statistics, or empty
-- ARGV[2] version
-- ARGV[3] lifetime of the fence, ms
-- Returns 1 set, 0 the entry has this or a newer version. Atomic.
--- @include ../../statistics/scripts/count.lua
--- @include ../../sync/scripts/checkpoint.lua
--- @include entry.lua
local epoch = decode_checkpoint(redis.call('GET', KEYS[3])) or '0'
local entry = redis.call('GET', KEYS[1])
if decode_entry(entry, epoch) >= tonumber(ARGV[2]) then
  return 0
end
replace_entry(KEYS[1], KEYS[2], ARGV[1], entry, epoch .. ':' .. ARGV[2] .. ':', ARGV[3])
return 1
