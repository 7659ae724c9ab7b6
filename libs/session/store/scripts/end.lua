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

-- Fields of a sessions hash that one call looks at.
local FORGET_PAGE = 250

-- Removes the user's sessions whose generation is below one, or cannot be read, of one page of the hash.
-- cursor: '0' at first, then what the last call returned, until that is '0' again.
-- Returns the next cursor and how many sessions were removed.
local function forget_below(sessions_key, index_key, statistics_key, generation, cursor)
  local reply = redis.call('HSCAN', sessions_key, cursor, 'COUNT', FORGET_PAGE)
  local fields, expiries = reply[2], {}
  local doomed = {}
  for i = 1, #fields, 2 do
    local field = fields[i]
    if is_session(field) then
      local session_generation, expires_at_ms = decode_entry(fields[i + 1])
      if not session_generation or session_generation < generation then
        doomed[#doomed + 1] = field
        expiries[#expiries + 1] = expires_at_ms
      end
    end
  end
  if #doomed > 0 then
    local era, _, mark = decode_user(redis.call('HGET', sessions_key, USER_FIELD))
    for i = 1, #doomed, FORGET_PAGE do
      local last = math.min(i + FORGET_PAGE - 1, #doomed)
      redis.call('HDEL', sessions_key, unpack(doomed, i, last))
      redis.call('ZREM', index_key, unpack(doomed, i, last))
    end
    count_all(statistics_key, 's', expiries, -1, mark, era)
  end
  return reply[1], #doomed
end

-- Drops what an earlier era left of a user, which no longer counts. Takes no longer for more sessions.
local function drop_other_era(sessions_key, index_key, statistics_key, era)
  redis.call('UNLINK', sessions_key, index_key)
  follow_era(statistics_key, era)
end
