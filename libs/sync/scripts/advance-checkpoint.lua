-- Advances the checkpoint, unless Redis has other data than the changes were applied to.
-- KEYS[1] checkpoint
-- ARGV[1] epoch
-- ARGV[2] snapshot after which the changes were applied
-- ARGV[3] its time, Unix time in ms by the clock of Postgres
-- ARGV[4] snapshot up to which the changes were applied
-- ARGV[5] its time, likewise
-- Returns {1, now by this server, Unix time in ms}; {0} if the checkpoint is missing, of another epoch, or
-- older than ARGV[2] and ARGV[3]: Redis has lost data. Always writes on success, to detect a replica. Atomic.
--- @include checkpoint.lua
--- @include time.lua

-- Of two snapshots of one server the later one sees all transactions that the earlier one sees: neither of
-- its bounds is lower, and between equal bounds it lists fewer transactions in progress.
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
