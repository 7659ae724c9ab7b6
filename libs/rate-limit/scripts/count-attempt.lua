-- Counts attempts in a window that begins with the first of them. Whoever passes the limit waits until
-- the window is over, and each time it happens again, twice as long.
-- KEYS: counter; how often the limit was passed lately
-- ARGV: attempts to add; window, seconds; limit; longest wait, seconds
-- Returns the attempts of this window, and milliseconds until it is over.
local attempts = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local limit = tonumber(ARGV[3])
local longest = tonumber(ARGV[4])

local counted = redis.call('INCRBY', KEYS[1], attempts)
if redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('EXPIRE', KEYS[1], window)
end
if counted > limit and counted - attempts <= limit then
  local passed = redis.call('INCR', KEYS[2])
  local wait = math.min(window * 2 ^ (passed - 1), longest)
  redis.call('EXPIRE', KEYS[1], wait)
  -- Remembered until it would be over twice more.
  redis.call('EXPIRE', KEYS[2], 3 * wait)
end
return { counted, redis.call('PTTL', KEYS[1]) }
