-- Begins an era: from here on nothing that was written before it counts.
-- KEYS[1] position
-- ARGV[1] the value that was read before; empty: there was none
-- ARGV[2] the new value, era|snapshot|recorded at
-- Returns {1, now by this server, ms since the epoch} begun; {0} another instance has changed the
-- position meanwhile: read again. Atomic.
--- @include time.lua
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return { 0 }
end
redis.call('SET', KEYS[1], ARGV[2])
return { 1, server_now_ms() }
