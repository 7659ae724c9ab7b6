-- Shared by the scripts of the caches. An entry is `epoch:version:body`; the body is empty, a fence: nothing
-- older than the version may be cached; or `~token`, a fence that a reader has leased; or content.

-- Takes the reply of GET and the current epoch. Returns version and body; without an entry of this epoch
-- 0 and an empty body.
local function decode_entry(entry, epoch)
  local known_epoch, version, body = string.match(entry or '', '^(%d+):(%d+):(.*)$')
  if known_epoch ~= epoch then
    return 0, ''
  end
  return tonumber(version), body
end

local function holds_content(body)
  return body ~= '' and string.sub(body, 1, 1) ~= '~'
end

-- Replaces an entry, given the reply of GET, and updates the statistics.
-- kind: the kind of the statistics; empty: none.
local function replace_entry(key, statistics_key, kind, entry, next_entry, ttl_ms)
  local old_epoch, old_body = string.match(entry or '', '^(%d+):%d+:(.*)$')
  if kind ~= '' and old_body and holds_content(old_body) then
    count(statistics_key, kind, redis.call('PEXPIRETIME', key), -1, old_epoch)
  end
  local life_ms = math.max(1, tonumber(ttl_ms))
  redis.call('SET', key, next_entry, 'PX', life_ms)
  local epoch, body = string.match(next_entry, '^(%d+):%d+:(.*)$')
  if kind ~= '' and holds_content(body) then
    count(statistics_key, kind, redis.call('PEXPIRETIME', key), 1, epoch)
  end
end
