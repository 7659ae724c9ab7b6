-- Puts what was recounted in the place of what was counted.
-- KEYS[1] statistics hash
-- KEYS[2] position
-- ARGV[1] number of the recount
-- ARGV[2] era in which it began
-- ARGV[3] now, ms since the epoch
-- Returns {counted minus recounted, for sessions, cached profiles and tombstones}; nil when this data is
-- not what was recounted: it was lost, or somebody has begun another recount. One step a bucket. Atomic.
--- @include count.lua
--- @include sweep.lua
--- @include ../../sync/scripts/position.lua
local era = decode_position(redis.call('GET', KEYS[2]))
if era ~= ARGV[2] or recount_under_way(KEYS[1]) ~= ARGV[1] then
  return false
end
local this_minute = math.floor(tonumber(ARGV[3]) / 60000)
sweep(KEYS[1], this_minute)
local counted = totals(KEYS[1])
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  if string.match(fields[i], '^[spb]:') then
    redis.call('HDEL', KEYS[1], fields[i])
  end
end
for i = 1, #fields, 2 do
  local bucket = string.match(fields[i], '^r([spb]:%d+)$')
  if bucket then
    redis.call('HDEL', KEYS[1], fields[i])
    redis.call('HSET', KEYS[1], bucket, fields[i + 1])
  end
end
redis.call('HDEL', KEYS[1], '#recount')
sum_buckets(KEYS[1], this_minute)
local recounted = totals(KEYS[1])
for i = 1, #counted do
  counted[i] = counted[i] - recounted[i]
end
return counted
