-- Shared by the scripts that look at the position.

-- Takes what GET returned. Returns era, transaction id, recorded at as text; nothing where it is missing.
local function decode_position(value)
  if value then
    return string.match(value, '^(%d+)|(%d+)|(%d+)$')
  end
end
