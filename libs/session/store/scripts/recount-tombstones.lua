-- Counts tombstones for a recount of the statistics, each once.
-- KEYS[1] statistics hash
-- KEYS[2..] tombstones
-- ARGV[1] number of the recount
-- Returns how many it counted; -1 when the recount is not under way here. Atomic.
--- @include ../../../statistics/scripts/count.lua
if recount_under_way(KEYS[1]) ~= ARGV[1] then
  return -1
end
local counted = 0
for i = 2, #KEYS do
  local mark = redis.call('GET', KEYS[i])
  if mark and mark ~= ARGV[1] then
    redis.call('SET', KEYS[i], ARGV[1], 'KEEPTTL')
    local minute = math.floor(redis.call('PEXPIRETIME', KEYS[i]) / 60000)
    add_to_bucket(KEYS[1], 'rb:' .. minute, 1)
    counted = counted + 1
  end
end
return counted
