-- Counts the views of posts that one batch tells of, and moves the partition's position: all of it or nothing. A view counts
-- once, by its event's id. A deleted post has no counters, whatever comes after or late.
--
-- Behind those of position.lua:
-- KEYS  2 deleted posts
--       then for every event: its post's views, its post's likes, the set of seen ids of its day
-- ARGV  5 seconds to remember ids for
--       then for every event: 'view' or 'deletion'; the post; the event id; '1' when the id may be forgotten already, else '0'

local fixedKeys, keysPerEvent, fixedArgs, argsPerEvent = 2, 3, 5, 4
local deletedPosts, rememberSeconds = KEYS[2], ARGV[5]

local events = {}
for i = 0, (#ARGV - fixedArgs) / argsPerEvent - 1 do
  local key, arg = fixedKeys + i * keysPerEvent, fixedArgs + i * argsPerEvent
  local event = {
    views = KEYS[key + 1],
    likes = KEYS[key + 2],
    seen = KEYS[key + 3],
    isView = ARGV[arg + 1] == 'view',
    post = ARGV[arg + 2],
    id = ARGV[arg + 3],
  }
  if event.isView and ARGV[arg + 4] == '1' and isBelow then
    if not isWhollyBelow then return { 'rewind', stored } end
  else
    table.insert(events, event)
  end
end

redis.call('SCARD', deletedPosts)
for _, event in ipairs(events) do
  if event.isView then
    redis.call('SCARD', event.seen)
    local wrong = checkCounter(event.views)
    if wrong then return wrong end
  end
end

local days = {}
for _, event in ipairs(events) do
  if not event.isView then
    redis.call('SADD', deletedPosts, event.post)
    redis.call('UNLINK', event.views, event.likes)
  elseif redis.call('SISMEMBER', deletedPosts, event.post) == 0 then
    days[event.seen] = true
    if redis.call('SADD', event.seen, event.id) == 1 then redis.call('INCR', event.views) end
  end
end
for day in pairs(days) do redis.call('EXPIRE', day, rememberSeconds) end

return moveOn()
