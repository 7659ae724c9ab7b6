-- Ends one session: adds the tombstone and removes the session.
-- KEYS[1] sessions hash of the user
-- KEYS[2] index of the user
-- KEYS[3] tombstone of the session
-- KEYS[4] statistics hash
-- ARGV[1] session id
-- ARGV[2] lifetime of the tombstone, ms; 0: none is needed
-- Returns 1 if this changed anything that a client could notice, else 0. Idempotent. Atomic.
--- @include entry.lua
--- @include ../../../statistics/scripts/count.lua
--- @include end.lua
local added = add_tombstone(KEYS[3], KEYS[4], tonumber(ARGV[2]))
local removed = remove_sessions(KEYS[1], KEYS[2], KEYS[4], { session_field(ARGV[1]) })
return math.max(added, removed)
