-- Moves the end of sessions that have an idle time-out, after their use.
-- KEYS[1] statistics hash
-- KEYS[2], KEYS[3]; KEYS[4], KEYS[5]; ... sessions hash and index of the user of each session
-- ARGV[1] now, Unix time in ms
-- ARGV[2], ARGV[3]; ... of each session: its id, and when it ends unless it is used again, Unix time in ms
-- Changes only entries that are there, so that it brings no ended session back. Atomic; one step for each session.
--- @include entry.lua
--- @include ../../../statistics/scripts/count.lua
--- @include write-entry.lua
for i = 2, #KEYS, 2 do
  local field = session_field(ARGV[i])
  local entry = redis.call('HGET', KEYS[i], field)
  local generation, counted_end = decode_entry(entry)
  if generation then
    local role, expires_at_ms, known_idle_at, version, details = decode_rest(entry)
    local idle_at_ms = tonumber(ARGV[i + 1])
    if known_idle_at and known_idle_at < math.min(idle_at_ms, expires_at_ms) then
      count(KEYS[1], 's', counted_end, -1, (decode_user(redis.call('HGET', KEYS[i], USER_FIELD))))
      write_entry(
        KEYS[i], KEYS[i + 1], KEYS[1], field,
        encode_entry(generation, role, expires_at_ms, idle_at_ms, version, details),
        tonumber(ARGV[1])
      )
    end
  end
end
