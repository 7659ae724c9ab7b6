-- Shared by the scripts that end sessions; needs entry.lua and count.lua before it.

-- Puts up a tombstone, once; ttl_ms 0: the session has run out and needs none. Returns 1, or 0 when
-- nothing was put up.
local function bury(tombstone_key, statistics_key, ttl_ms)
  if ttl_ms <= 0 then
    return 0
  end
  local mark = recount_under_way(statistics_key)
  if redis.call('SET', tombstone_key, mark == '' and '0' or mark, 'PX', ttl_ms, 'NX') then
    count(statistics_key, 'b', redis.call('PEXPIRETIME', tombstone_key), 1, mark)
    return 1
  end
  return 0
end

-- Takes a session out of hash, index and count. Returns 1, or 0 when it was not known.
local function forget(sessions_key, index_key, statistics_key, field)
  local entry = redis.call('HGET', sessions_key, field)
  if not entry then
    return 0
  end
  local _, expires_at_ms = decode_entry(entry)
  local era, _, mark = decode_user(redis.call('HGET', sessions_key, USER_FIELD))
  redis.call('HDEL', sessions_key, field)
  redis.call('ZREM', index_key, field)
  if expires_at_ms then
    count(statistics_key, 's', expires_at_ms, -1, mark, era)
  end
  return 1
end

-- Forgets the user's sessions whose generation is below one, or cannot be read; nil: all of them.
-- Returns how many.
local function forget_below(sessions_key, index_key, statistics_key, generation)
  local fields = redis.call('HGETALL', sessions_key)
  local forgotten = 0
  for i = 1, #fields, 2 do
    if is_session(fields[i]) then
      local session_generation = decode_entry(fields[i + 1])
      if not generation or not session_generation or session_generation < generation then
        forgotten = forgotten + forget(sessions_key, index_key, statistics_key, fields[i])
      end
    end
  end
  return forgotten
end
