-- Marks a client that has signed in.
-- KEYS: marks
-- ARGV: lifetime of the marks, seconds
for _, key in ipairs(KEYS) do
  redis.call('SET', key, 1, 'EX', ARGV[1])
end
