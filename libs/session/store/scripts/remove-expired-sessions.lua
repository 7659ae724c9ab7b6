-- Removes expired sessions, of users who neither open nor refresh one, a page for each user.
-- KEYS[1] statistics hash
-- KEYS[2], KEYS[3]; KEYS[4], KEYS[5]; ... sessions hash and index of each user
-- ARGV[1] now, Unix time in ms
-- Returns the number of removed sessions, and 1 if a user may have more, else 0. Atomic; one step per session.
--- @include entry.lua
--- @include ../../../statistics/scripts/count.lua
--- @include end.lua
local total, is_more = 0, 0
for i = 2, #KEYS, 2 do
  local removed = remove_expired(KEYS[i], KEYS[i + 1], KEYS[1], tonumber(ARGV[1]))
  total = total + removed
  if removed == PAGE then
    is_more = 1
  end
end
return { total, is_more }
