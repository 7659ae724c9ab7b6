-- Shared by the scripts that end single sessions; needs entry.lua and count.lua before it.

-- Puts up a tombstone, once; ttl_ms 0: the session has run out and needs none.
local function bury(tombstone_key, statistics_key, ttl_ms, now_ms)
  if ttl_ms > 0 and redis.call('SET', tombstone_key, 1, 'PX', ttl_ms, 'NX') then
    count(statistics_key, 'b', now_ms + ttl_ms, 1)
  end
end

-- Takes a session out of hash, index and count. Returns 1, or 0 when it was not known.
local function forget(sessions_key, index_key, statistics_key, session_id)
  local entry = redis.call('HGET', sessions_key, session_id)
  if not entry then
    return 0
  end
  local _, expires_at_ms = decode_entry(entry)
  redis.call('HDEL', sessions_key, session_id)
  redis.call('ZREM', index_key, session_id)
  count(statistics_key, 's', expires_at_ms, -1)
  return 1
end
