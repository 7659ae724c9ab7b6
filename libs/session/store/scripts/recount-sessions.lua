-- Tidies users' sessions and counts them for a recount of the statistics, each user's once.
-- KEYS[1] statistics hash
-- KEYS[2], KEYS[3]; KEYS[4], KEYS[5]; ... sessions hash and index of each user
-- ARGV[1] number of the recount
-- ARGV[2] now, ms since the epoch
-- What has expired, belongs to a revoked generation, cannot be read, or stands in the index alone, goes;
-- what the index lacks is put there. Sessions of another era are left to their TTL.
-- Returns how many members were removed; -1 when the recount is not under way here. Atomic; one step a
-- session.
--- @include entry.lua
--- @include ../../../statistics/scripts/count.lua
--- @include end.lua
if recount_under_way(KEYS[1]) ~= ARGV[1] then
  return -1
end
local now_ms = tonumber(ARGV[2])

-- Returns the expiry of each session that is alive, and how many others were forgotten.
local function keep_living(sessions_key, index_key, known_generation)
  local living, removed = {}, 0
  local fields = redis.call('HGETALL', sessions_key)
  for i = 1, #fields, 2 do
    if is_session(fields[i]) then
      local generation, expires_at_ms = decode_entry(fields[i + 1])
      if not generation or expires_at_ms <= now_ms or generation < known_generation then
        removed = removed + forget(sessions_key, index_key, KEYS[1], fields[i])
      else
        living[fields[i]] = expires_at_ms
      end
    end
  end
  return living, removed
end

-- Returns how many members were removed.
local function align_index(index_key, living)
  local removed, indexed = 0, {}
  for _, field in ipairs(redis.call('ZRANGE', index_key, 0, -1)) do
    indexed[field] = true
    if not living[field] then
      removed = removed + redis.call('ZREM', index_key, field)
    end
  end
  for field, expires_at_ms in pairs(living) do
    if not indexed[field] then
      redis.call('ZADD', index_key, index_score(expires_at_ms), field)
      keep_at_least(index_key, expires_at_ms - now_ms)
    end
  end
  return removed
end

local function count_living(sessions_key, living, era, generation)
  redis.call('HSET', sessions_key, USER_FIELD, encode_user(era, generation, ARGV[1]))
  for _, expires_at_ms in pairs(living) do
    add_to_bucket(KEYS[1], 'rs:' .. math.floor(expires_at_ms / 60000), 1)
  end
end

local counted_era = redis.call('HGET', KEYS[1], '#era')
local removed = 0
for i = 2, #KEYS, 2 do
  local sessions_key, index_key = KEYS[i], KEYS[i + 1]
  local era, generation, mark = decode_user(redis.call('HGET', sessions_key, USER_FIELD))
  if not era then
    removed = removed + redis.call('ZCARD', index_key)
    redis.call('DEL', index_key)
  elseif era == counted_era then
    local living, forgotten = keep_living(sessions_key, index_key, generation)
    removed = removed + forgotten + align_index(index_key, living)
    if mark ~= ARGV[1] then
      count_living(sessions_key, living, era, generation)
    end
  end
end
return removed
