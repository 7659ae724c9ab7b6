-- Begins a recount, in the place of one that was not finished.
-- KEYS[1] statistics hash
-- KEYS[2] position
-- Returns {number of the recount, era}; nil where Redis knows of no era. One step a bucket.
--- @include count.lua
--- @include ../../sync/scripts/position.lua

-- Two digits, because whatever is counted bears them. When a number comes back, all that could have
-- borne it has been met by the recounts in between.
local NUMBERS = 99

local era = decode_position(redis.call('GET', KEYS[2]))
if not era then
  return false
end
follow_era(KEYS[1], era)
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 1) == 'r' then
    redis.call('HDEL', KEYS[1], field)
  end
end
local begun = redis.call('HINCRBY', KEYS[1], '#recounts', 1)
local number = (begun - 1) % NUMBERS + 1
redis.call('HSET', KEYS[1], '#recount', number)
return { number, era }
