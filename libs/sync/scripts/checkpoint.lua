-- Shared by the scripts that read the checkpoint.

-- Takes the reply of GET. Returns epoch, snapshot, recorded at as text; nothing if it is missing.
local function decode_checkpoint(value)
  if value then
    return string.match(value, '^(%d+)|(%d+:%d+:[%d,]*)|(%d+)$')
  end
end
