-- Shared by the scripts that look at the checkpoint.

-- Takes what GET returned. Returns epoch, snapshot, recorded at as text; nothing where it is missing.
local function decode_checkpoint(value)
  if value then
    return string.match(value, '^(%d+)|(%d+:%d+:[%d,]*)|(%d+)$')
  end
end
