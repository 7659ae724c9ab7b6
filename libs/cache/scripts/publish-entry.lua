-- Publishes a committed version: from now on older versions are neither read nor cached.
-- KEYS[1] entry of the user
-- KEYS[2] statistics hash
-- KEYS[3] checkpoint
-- ARGV[1] kind of the statistics, or empty
-- ARGV[2] version
-- ARGV[3] its content; empty: only a fence
-- ARGV[4] lifetime of the entry, ms
-- ARGV[5] epoch in which Redis was in sync before the version was committed
-- The content is cached if the entry has the version before it. Without an entry, or in another epoch,
-- a newer version may have been written and lost, so only a fence is set.
-- Returns 1 stored, 2 a fence set, 0 the entry has this or a newer version. Atomic.
--- @include ../../statistics/scripts/count.lua
--- @include ../../sync/scripts/checkpoint.lua
--- @include entry.lua
local epoch = decode_checkpoint(redis.call('GET', KEYS[3])) or '0'
local version = tonumber(ARGV[2])
local entry = redis.call('GET', KEYS[1])
local known_version, known_body = decode_entry(entry, epoch)
if known_version >= version then
  return 0
end
local follows_known = known_version > 0 and known_version == version - 1
local body = (epoch == ARGV[5] and follows_known) and ARGV[3] or ''
replace_entry(KEYS[1], KEYS[2], ARGV[1], entry, epoch .. ':' .. ARGV[2] .. ':' .. body, ARGV[4])
return body == '' and 2 or 1
