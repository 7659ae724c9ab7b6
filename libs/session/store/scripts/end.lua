-- Shared by the scripts that end sessions; needs entry.lua and count.lua before it.

-- Adds a tombstone, once; ttl_ms 0: the session has expired and needs none. Returns 1, or 0 if nothing
-- was added.
local function add_tombstone(tombstone_key, statistics_key, ttl_ms)
  if ttl_ms > 0 and redis.call('SET', tombstone_key, '1', 'PX', ttl_ms, 'NX') then
    count(statistics_key, 'b', redis.call('PEXPIRETIME', tombstone_key), 1)
    return 1
  end
  return 0
end

-- Fields of a sessions hash, or members of an index, per call.
local PAGE = 250

-- Removes sessions from hash, index and statistics. Returns how many of them were in the hash.
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

-- Removes from one page of the hash the user's sessions whose generation is lower than the given one, or is
-- unreadable. cursor: '0' first, then the returned cursor, until that is '0'.
-- Returns the next cursor and the number of removed sessions.
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

-- Removes a page of the user's expired sessions, by the index. Returns the number of removed members of the
-- index.
local function remove_expired(sessions_key, index_key, statistics_key, now_ms)
  local last_second = math.floor(now_ms / 1000)
  local expired = redis.call('ZRANGE', index_key, '-inf', last_second, 'BYSCORE', 'LIMIT', 0, PAGE)
  remove_sessions(sessions_key, index_key, statistics_key, expired)
  return #expired
end

-- Drops the void data of a user from an earlier epoch, in the same time for any number of sessions.
local function drop_other_epoch(sessions_key, index_key, statistics_key, epoch)
  redis.call('UNLINK', sessions_key, index_key)
  follow_epoch(statistics_key, epoch)
end
