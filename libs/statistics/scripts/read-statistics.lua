-- Sums what has not expired, for each kind, and drops the buckets of the past.
-- KEYS[1] statistics hash
-- ARGV[1] now, ms since the epoch
-- Returns {sessions, cached profiles, tombstones}. Cost: one step a bucket, not one a session.
local fields = redis.call('HGETALL', KEYS[1])
local this_minute = math.floor(tonumber(ARGV[1]) / 60000)
local sums = { s = 0, p = 0, b = 0 }
for i = 1, #fields, 2 do
  local kind, minute = string.match(fields[i], '^(%a):(%d+)$')
  if tonumber(minute) < this_minute then
    redis.call('HDEL', KEYS[1], fields[i])
  else
    sums[kind] = sums[kind] + tonumber(fields[i + 1])
  end
end
return { sums.s, sums.p, sums.b }
