-- Shared by the scripts that create or remove counted items. The statistics hash holds
--   {kind}           number of items of a kind
--   {kind}:{minute}  how many of them expire in that minute of Unix time
--   #swept           the first minute that still counts
--   #epoch             the epoch whose sessions and profiles are counted; tombstones count in any
-- A kind is 's' session, 'p' cached profile or 'b' tombstone.

local function add_to_bucket(statistics_key, field, delta)
  if redis.call('HINCRBY', statistics_key, field, delta) == 0 then
    redis.call('HDEL', statistics_key, field)
  end
end

-- Data from before an epoch is void in it: a new epoch begins at zero.
local function follow_epoch(statistics_key, epoch)
  if tonumber(epoch) <= tonumber(redis.call('HGET', statistics_key, '#epoch') or '0') then
    return
  end
  for _, field in ipairs(redis.call('HKEYS', statistics_key)) do
    if string.match(field, '^[sp]:') or field == 's' or field == 'p' then
      redis.call('HDEL', statistics_key, field)
    end
  end
  redis.call('HSET', statistics_key, '#epoch', epoch)
end

-- Adds delta items of a kind, or removes them if it is negative, with expiry in the same minute.
-- expires_at_ms: Unix time. epoch: in which they were written; nil for items of every epoch.
local function count(statistics_key, kind, expires_at_ms, delta, epoch)
  local swept, counted_epoch = unpack(redis.call('HMGET', statistics_key, '#swept', '#epoch'))
  if epoch and tonumber(epoch) < tonumber(counted_epoch or '0') then
    return
  end
  if epoch and epoch ~= counted_epoch then
    follow_epoch(statistics_key, epoch)
  end
  local minute = math.floor(expires_at_ms / 60000)
  if minute < tonumber(swept or '0') then
    return
  end
  redis.call('HINCRBY', statistics_key, kind, delta)
  add_to_bucket(statistics_key, kind .. ':' .. minute, delta)
end

-- `count` for many items: one step for each minute in which some of them expire.
local function count_all(statistics_key, kind, expiries, delta, epoch)
  local minutes = {}
  for _, expires_at_ms in ipairs(expiries) do
    local minute = math.floor(expires_at_ms / 60000)
    minutes[minute] = (minutes[minute] or 0) + delta
  end
  for minute, sum in pairs(minutes) do
    count(statistics_key, kind, minute * 60000, sum, epoch)
  end
end
