-- Notes how far Redis is complete, unless this is not the data that was brought up to date.
-- KEYS[1] checkpoint
-- ARGV[1] epoch
-- ARGV[2] snapshot from which on the changes were applied
-- ARGV[3] when that was noted, Unix time in ms by the clock of Postgres
-- ARGV[4] snapshot up to which they were
-- ARGV[5] when, likewise
-- Returns {1, now by this server, Unix time in ms}; {0} when the checkpoint is missing, of another epoch, or
-- further back than ARGV[2] and ARGV[3]: this Redis has lost something. Always writes on success, so that a replica is noticed. Atomic.
--- @include checkpoint.lua
--- @include time.lua

-- Of two snapshots of one server the later one sees all that the other does: neither of its bounds is lower,
-- and between the same bounds it names fewer transactions in progress.
local function is_later(snapshot, other)
  local xmin, xmax = string.match(snapshot, '^(%d+):(%d+):')
  local other_xmin, other_xmax = string.match(other, '^(%d+):(%d+):')
  if xmin ~= other_xmin then
    return tonumber(xmin) > tonumber(other_xmin)
  end
  if xmax ~= other_xmax then
    return tonumber(xmax) > tonumber(other_xmax)
  end
  return #snapshot < #other
end

local epoch, snapshot, recorded_at_ms = decode_checkpoint(redis.call('GET', KEYS[1]))
if epoch ~= ARGV[1] or is_later(ARGV[2], snapshot) or tonumber(recorded_at_ms) < tonumber(ARGV[3]) then
  return { 0 }
end
if is_later(ARGV[4], snapshot) then
  snapshot = ARGV[4]
end
if tonumber(recorded_at_ms) < tonumber(ARGV[5]) then
  recorded_at_ms = ARGV[5]
end
redis.call('SET', KEYS[1], epoch .. '|' .. snapshot .. '|' .. recorded_at_ms)
return { 1, server_now_ms() }
