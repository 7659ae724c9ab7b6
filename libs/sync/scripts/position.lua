-- Shared by the scripts that look at the position.

-- Takes what GET returned. Returns era, snapshot, recorded at as text; nothing where it is missing.
local function decode_position(value)
  if value then
    return string.match(value, '^(%d+)|(%d+:%d+:[%d,]*)|(%d+)$')
  end
end
