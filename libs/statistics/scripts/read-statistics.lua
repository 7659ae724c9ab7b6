-- Reads the number of items of each kind.
-- KEYS[1] statistics hash
-- KEYS[2] checkpoint
-- ARGV[1] now, Unix time in ms
-- Returns {sessions, cached profiles, tombstones}. Drops the buckets of past minutes. Cost: a few steps for
-- each minute since the last read, independent of the number of items. Atomic.
--- @include count.lua
--- @include ../../sync/scripts/checkpoint.lua

-- Minutes that are dropped one by one; after a longer pause all buckets are summed up instead.
local SWEEP_AT_MOST = 1440
local KINDS = { 's', 'p', 'b' }

local function sum_buckets(this_minute)
  local sums = { s = 0, p = 0, b = 0 }
  local fields = redis.call('HGETALL', KEYS[1])
  for i = 1, #fields, 2 do
    local kind, minute = string.match(fields[i], '^([spb]):(%d+)$')
    if minute and tonumber(minute) < this_minute then
      redis.call('HDEL', KEYS[1], fields[i])
    elseif minute then
      sums[kind] = sums[kind] + tonumber(fields[i + 1])
    end
  end
  for _, kind in ipairs(KINDS) do
    redis.call('HSET', KEYS[1], kind, sums[kind])
  end
end

local function drop_minute(minute)
  for _, kind in ipairs(KINDS) do
    local bucket = kind .. ':' .. minute
    local expired = redis.call('HGET', KEYS[1], bucket)
    if expired then
      redis.call('HINCRBY', KEYS[1], kind, -expired)
      redis.call('HDEL', KEYS[1], bucket)
    end
  end
end

local function sweep(this_minute)
  local swept = tonumber(redis.call('HGET', KEYS[1], '#swept') or '0')
  if swept == this_minute then
    return
  end
  if this_minute < swept or this_minute - swept > SWEEP_AT_MOST then
    sum_buckets(this_minute)
  else
    for minute = swept, this_minute - 1 do
      drop_minute(minute)
    end
  end
  redis.call('HSET', KEYS[1], '#swept', this_minute)
end

local epoch = decode_checkpoint(redis.call('GET', KEYS[2]))
if epoch then
  follow_epoch(KEYS[1], epoch)
end
sweep(math.floor(tonumber(ARGV[1]) / 60000))
local counts = redis.call('HMGET', KEYS[1], unpack(KINDS))
for i = 1, #KINDS do
  -- Below zero if an operator has deleted the hash: its earlier items are still subtracted.
  counts[i] = math.max(0, tonumber(counts[i] or '0'))
end
return counts
