-- The head of every script of the sink: where its batch stands in the partition, and what Redis has of the partition.
--
-- KEYS  1 positions
-- ARGV  1 partition   2 first offset   3 next offset
--       4 the position that the sink knows: an offset, 'none', or '?' when it knows nothing
-- A script gives 'applied' or 'rewind', and the position stored now: an offset or 'none'.

local positions = KEYS[1]
local partition, first, next, known = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]

local stored = redis.call('HGET', positions, partition) or 'none'
local position = stored == 'none' and 0 or tonumber(stored)

-- Offsets are missing, and the sink did not start from here on purpose: Redis lost data under it.
if first > position and stored ~= known then return { 'rewind', stored } end

-- An event whose id may be forgotten, in a batch below the position, was counted: the offset says so. It does not in a
-- batch across the position, nor in one without width, which a dead letter comes in.
local isBelow, isWhollyBelow = first < position, first < next and next <= position

-- Redis undoes nothing when a script fails halfway. So whatever could fail is read first, before anything is written.
local function checkCounter(key)
  local count = redis.call('GET', key)
  if count and not string.match(count, '^%d+$') then return redis.error_reply('ERR ' .. key .. ' is not a counter') end
end

-- A redelivery never turns the position back. Offsets are below 2^53, which a double holds exactly.
local function moveOn()
  local now = string.format('%.0f', math.max(position, next))
  if now ~= stored then redis.call('HSET', positions, partition, now) end
  return { 'applied', now }
end
