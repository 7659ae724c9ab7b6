-- Counts cached profiles for a recount of the statistics, each once.
-- KEYS[1] statistics hash
-- KEYS[2..] profile entries
-- ARGV[1] number of the recount
-- Returns how many it counted; -1 when the recount is not under way here. Atomic.
--- @include ../../statistics/scripts/count.lua
--- @include entry.lua
if recount_under_way(KEYS[1]) ~= ARGV[1] then
  return -1
end
local counted_era = redis.call('HGET', KEYS[1], '#era')
local counted = 0
for i = 2, #KEYS do
  local entry = redis.call('GET', KEYS[i])
  local era, body = string.match(entry or '', '^(%d+):%d+:(.*)$')
  if era == counted_era and body and holds_profile(body) then
    local profile, mark = string.match(entry, '^(.*%])(%d*)$')
    if mark and mark ~= ARGV[1] then
      redis.call('SET', KEYS[i], profile .. ARGV[1], 'KEEPTTL')
      local minute = math.floor(redis.call('PEXPIRETIME', KEYS[i]) / 60000)
      add_to_bucket(KEYS[1], 'rp:' .. minute, 1)
      counted = counted + 1
    end
  end
end
return counted
