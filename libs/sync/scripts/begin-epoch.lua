-- Begins an epoch: all earlier data is void from now on.
-- KEYS[1] checkpoint
-- ARGV[1] the value that was read before; empty: none
-- ARGV[2] the new value, epoch|snapshot|recorded at
-- Returns {1, now by this server, Unix time in ms} begun; {0} another instance has changed the
-- checkpoint meanwhile: read again. Atomic.
--- @include time.lua
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return { 0 }
end
redis.call('SET', KEYS[1], ARGV[2])
return { 1, server_now_ms() }
