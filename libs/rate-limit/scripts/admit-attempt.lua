-- Admits an attempt unless one of its counters has reached its limit. Of the refused attempts only the first
-- of a window changes a counter: the client then waits for a whole window, and twice as long as the last
-- time if it has exceeded the limit recently.
-- KEYS: counters, from the broadest to the narrowest; for each of them the number of recent refusals;
--       further keys to read
-- ARGV: how many counters; for each: limit; window, seconds; longest wait, seconds; 1, or 0 to check it only
-- Returns the counter (by position) that refuses, or 0; the position of the one that is closest to its limit;
-- its attempts; milliseconds until its window ends; 1 for the first refusal of a window, else 0; then the
-- value of each further key, or 0, and milliseconds until it expires.
local counters = tonumber(ARGV[1])

local function limits_of(i)
  local at = 4 * i - 2
  return tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 3] == '1'
end

local function milliseconds_left(key, window)
  local left = redis.call('PTTL', key)
  if left == -1 then
    redis.call('EXPIRE', key, window)
    return window * 1000
  end
  return left == -2 and window * 1000 or left
end

local counted = {}
for i = 1, counters do
  local limit, window, longest = limits_of(i)
  counted[i] = tonumber(redis.call('GET', KEYS[i]) or 0)
  if counted[i] >= limit then
    local first = counted[i] == limit
    if first then
      local wait = window
      if longest > window then
        local passes = KEYS[counters + i]
        wait = math.min(window * 2 ^ (redis.call('INCR', passes) - 1), longest)
        -- Expires after twice the wait.
        redis.call('EXPIRE', passes, 3 * wait)
      end
      redis.call('INCR', KEYS[i])
      redis.call('EXPIRE', KEYS[i], wait)
    end
    return { i, i, limit + 1, milliseconds_left(KEYS[i], window), first and 1 or 0 }
  end
end

local closest, least = 0, math.huge
for i = 1, counters do
  local limit, window, _, counts = limits_of(i)
  if counts then
    counted[i] = redis.call('INCR', KEYS[i])
    if counted[i] == 1 then
      redis.call('EXPIRE', KEYS[i], window)
    end
  end
  if limit - counted[i] <= least then
    closest, least = i, limit - counted[i]
  end
end

local _, window = limits_of(closest)
local answer = { 0, closest, counted[closest], milliseconds_left(KEYS[closest], window), 0 }
for i = 2 * counters + 1, #KEYS do
  answer[#answer + 1] = tonumber(redis.call('GET', KEYS[i]) or 0)
  answer[#answer + 1] = redis.call('PTTL', KEYS[i])
end
return answer
