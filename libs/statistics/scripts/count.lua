-- Shared by the scripts that create or end something counted: adjusts the bucket of its expiry.
-- kind: 's' session, 'p' cached profile, 'b' tombstone. expires_at_ms: milliseconds since the epoch.
local function count(statistics_key, kind, expires_at_ms, delta)
  local field = kind .. ':' .. math.floor(expires_at_ms / 60000)
  if redis.call('HINCRBY', statistics_key, field, delta) == 0 then
    redis.call('HDEL', statistics_key, field)
  end
end
