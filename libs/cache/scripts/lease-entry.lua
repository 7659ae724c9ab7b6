-- Leases an entry to a reader that found no content, before it reads Postgres. The reader may fill the entry
-- only while the lease stands, that is, if nothing was written, lost or evicted meanwhile.
-- KEYS[1] entry of the user
-- KEYS[2] statistics hash
-- KEYS[3] checkpoint
-- ARGV[1] kind of the statistics, or empty
-- ARGV[2] token of a new lease
-- ARGV[3] lifetime of the lease, ms
-- ARGV[4] epoch in which Redis is in sync
-- ARGV[5] first character of content that the reader can decode
-- Returns the entry: content that was stored meanwhile, or a lease, the caller's or another reader's;
-- nil in another epoch. Atomic.
--- @include ../../statistics/scripts/count.lua
--- @include ../../sync/scripts/checkpoint.lua
--- @include entry.lua
local epoch = ARGV[4]
if decode_checkpoint(redis.call('GET', KEYS[3])) ~= epoch then
  return false
end
local entry = redis.call('GET', KEYS[1])
local version, body = decode_entry(entry, epoch)
if string.sub(body, 1, 1) == ARGV[5] then
  return entry
end
-- A lease must not shorten the lifetime of a fence.
local ttl_ms = math.max(tonumber(ARGV[3]), redis.call('PTTL', KEYS[1]))
if string.sub(body, 1, 1) == '~' then
  redis.call('PEXPIRE', KEYS[1], ttl_ms)
  return entry
end
local leased = string.format('%s:%d:~%s', epoch, version, ARGV[2])
replace_entry(KEYS[1], KEYS[2], ARGV[1], entry, leased, ttl_ms)
return leased
