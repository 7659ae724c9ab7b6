-- Shared by the scripts that end sessions; needs entry.lua and count.lua before it.

-- Adds a tombstone, once; ttl_ms 0: the session has run out and needs none. Returns 1, or 0 when nothing
-- was added.
local function add_tombstone(tombstone_key, statistics_key, ttl_ms)
  if ttl_ms > 0 and redis.call('SET', tombstone_key, '1', 'PX', ttl_ms, 'NX') then
    count(statistics_key, 'b', redis.call('PEXPIRETIME', tombstone_key), 1)
    return 1
  end
  return 0
end

-- Fields of a sessions hash, or members of an index, that one call works on.
local PAGE = 250

-- Removes sessions from hash, index and count. Returns how many of them the hash held.
local function remove_sessions(sessions_key, index_key, statistics_key, fields)
  local removed, expiries = 0, {}
  for i = 1, #fields, PAGE do
    local last = math.min(i + PAGE - 1, #fields)
    for _, entry in ipairs(redis.call('HMGET', sessions_key, unpack(fields, i, last))) do
      local _, expires_at_ms = decode_entry(entry)
      expiries[#expiries + 1] = expires_at_ms
    end
    removed = removed + redis.call('HDEL', sessions_key, unpack(fields, i, last))
    redis.call('ZREM', index_key, unpack(fields, i, last))
  end
  if #expiries > 0 then
    local epoch = decode_user(redis.call('HGET', sessions_key, USER_FIELD))
    count_all(statistics_key, 's', expiries, -1, epoch)
  end
  return removed
end

-- Removes the user's sessions whose generation is below one, or cannot be read, of one page of the hash.
-- cursor: '0' at first, then what the last call returned, until that is '0' again.
-- Returns the next cursor and how many sessions were removed.
local function remove_below(sessions_key, index_key, statistics_key, generation, cursor)
  local reply = redis.call('HSCAN', sessions_key, cursor, 'COUNT', PAGE)
  local fields, below = reply[2], {}
  for i = 1, #fields, 2 do
    local session_generation = is_session(fields[i]) and (decode_entry(fields[i + 1]) or 0)
    if session_generation and session_generation < generation then
      below[#below + 1] = fields[i]
    end
  end
  return reply[1], remove_sessions(sessions_key, index_key, statistics_key, below)
end

-- Removes a page of the user's sessions whose expiry has come, by the index. Returns how many members of the
-- index were removed.
local function remove_expired(sessions_key, index_key, statistics_key, now_ms)
  local last_second = math.floor(now_ms / 1000)
  local expired = redis.call('ZRANGE', index_key, '-inf', last_second, 'BYSCORE', 'LIMIT', 0, PAGE)
  remove_sessions(sessions_key, index_key, statistics_key, expired)
  return #expired
end

-- Drops what an earlier epoch left of a user, which no longer counts. Takes no longer for more sessions.
local function drop_other_epoch(sessions_key, index_key, statistics_key, epoch)
  redis.call('UNLINK', sessions_key, index_key)
  follow_epoch(statistics_key, epoch)
end
