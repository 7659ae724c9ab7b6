-- Shared by the scripts that write an entry; needs entry.lua and count.lua before it.

-- Writes the entry of a session, and indexes and counts it. An entry that it replaces must not be counted any more.
local function write_entry(sessions_key, index_key, statistics_key, field, entry, now_ms)
  local epoch = decode_user(redis.call('HGET', sessions_key, USER_FIELD))
  local _, ends_at_ms = decode_entry(entry)
  redis.call('HSET', sessions_key, field, entry)
  redis.call('ZADD', index_key, index_score(ends_at_ms), field)
  count(statistics_key, 's', ends_at_ms, 1, epoch)
  keep_at_least(sessions_key, ends_at_ms - now_ms)
  keep_at_least(index_key, ends_at_ms - now_ms)
end
