-- Revokes all sessions of a user below a generation, except one that Postgres has moved to it. They are void
-- immediately; their data is removed page by page.
-- KEYS[1] sessions hash of the user
-- KEYS[2] index of the user
-- KEYS[3] statistics hash
-- KEYS[4] checkpoint
-- KEYS[5..] tombstones of sessions that Postgres has ended
-- ARGV[1] the user's new generation
-- ARGV[2] ms for which the generation is kept
-- ARGV[3] cursor of the page: '0' first
-- ARGV[4] id of the session that moves to the generation; '' if all are revoked
-- ARGV[5..] lifetime of each tombstone of KEYS[5..], ms; 0: none is needed
-- Returns 1 if this changed anything that a client could notice, else 0; and the cursor of the next page,
-- '0' after the last. Idempotent. Sessions of the new or a later generation, opened before this call
-- arrived, stay. A session that Redis lacks is restored, in its new generation, when it is verified. Data of another epoch is dropped, so that the generation is stored in this one. Atomic; one
-- step per session of the page.
--- @include entry.lua
--- @include ../../../statistics/scripts/count.lua
--- @include ../../../sync/scripts/checkpoint.lua
--- @include end.lua
for i = 5, #KEYS do
  add_tombstone(KEYS[i], KEYS[3], tonumber(ARGV[i]))
end
local generation = tonumber(ARGV[1])
local epoch = decode_checkpoint(redis.call('GET', KEYS[4])) or NO_EPOCH
local known_epoch, known_generation = decode_user(redis.call('HGET', KEYS[1], USER_FIELD))
if known_epoch ~= epoch then
  drop_other_epoch(KEYS[1], KEYS[2], KEYS[3], epoch)
  known_generation = 0
end
if ARGV[4] ~= '' then
  -- Not to a later generation that Redis may know: that one has ended this session too.
  move_to_generation(KEYS[1], session_field(ARGV[4]), generation)
end
local raised = known_generation < generation
if raised then
  redis.call('HSET', KEYS[1], USER_FIELD, encode_user(epoch, ARGV[1]))
end
keep_at_least(KEYS[1], tonumber(ARGV[2]))
local next_cursor, removed =
  remove_below(KEYS[1], KEYS[2], KEYS[3], math.max(generation, known_generation), ARGV[3])
return { (raised or removed > 0) and 1 or 0, next_cursor }
