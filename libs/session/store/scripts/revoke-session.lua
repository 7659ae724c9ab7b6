-- Ends one session: tombstone up, session forgotten.
-- KEYS[1] sessions hash of the user
-- KEYS[2] index of the user
-- KEYS[3] tombstone of the session
-- KEYS[4] statistics hash
-- ARGV[1] session id
-- ARGV[2] life of the tombstone, ms; 0: none is needed
-- ARGV[3] now, ms since the epoch
-- Returns 1 when Redis knew the session, else 0. Idempotent; the tombstone goes up either way.
--- @include entry.lua
--- @include ../../../statistics/scripts/count.lua
--- @include end.lua
bury(KEYS[3], KEYS[4], tonumber(ARGV[2]), tonumber(ARGV[3]))
return forget(KEYS[1], KEYS[2], KEYS[4], ARGV[1])
