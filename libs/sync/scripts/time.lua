-- Shared by the scripts that use the clock of this server, which is the same for all instances.

-- Unix time in ms.
local function server_now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
