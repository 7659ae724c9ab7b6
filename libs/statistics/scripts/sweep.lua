-- Shared by the scripts that read the statistics.

-- Minutes that are taken out one by one; after a longer silence all buckets are looked at instead.
local SWEEP_AT_MOST = 1440

local KINDS = { 's', 'p', 'b' }

-- Drops the buckets of the past and says what is in the others.
local function sum_buckets(statistics_key, this_minute)
  local sums = { s = 0, p = 0, b = 0 }
  local fields = redis.call('HGETALL', statistics_key)
  for i = 1, #fields, 2 do
    local recounted, kind, minute = string.match(fields[i], '^(r?)([spb]):(%d+)$')
    if minute and tonumber(minute) < this_minute then
      redis.call('HDEL', statistics_key, fields[i])
    elseif recounted == '' then
      sums[kind] = sums[kind] + tonumber(fields[i + 1])
    end
  end
  for _, kind in ipairs(KINDS) do
    redis.call('HSET', statistics_key, kind, sums[kind])
  end
end

local function drop_minute(statistics_key, minute)
  for _, kind in ipairs(KINDS) do
    local bucket = kind .. ':' .. minute
    local expired = redis.call('HGET', statistics_key, bucket)
    if expired then
      redis.call('HINCRBY', statistics_key, kind, -expired)
    end
    redis.call('HDEL', statistics_key, bucket, 'r' .. bucket)
  end
end

-- Takes what has expired since the last sweep out of the counts. One step for each minute since then.
local function sweep(statistics_key, this_minute)
  local swept = tonumber(redis.call('HGET', statistics_key, '#swept') or '0')
  if swept == this_minute then
    return
  end
  if this_minute - swept > SWEEP_AT_MOST then
    sum_buckets(statistics_key, this_minute)
  else
    for minute = swept, this_minute - 1 do
      drop_minute(statistics_key, minute)
    end
  end
  redis.call('HSET', statistics_key, '#swept', this_minute)
end

-- Returns {sessions, cached profiles, tombstones}.
local function totals(statistics_key)
  local counts = redis.call('HMGET', statistics_key, unpack(KINDS))
  for i = 1, #KINDS do
    counts[i] = tonumber(counts[i] or '0')
  end
  return counts
end
