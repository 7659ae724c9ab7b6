-- Shared by the scripts that compare with the clock of this server, which is one for all instances.

-- Unix time in ms.
local function server_now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
