-- Counts what one batch tells of posts, and moves the partition's position: all of it or nothing. A view counts once, by its
-- event's id. A like is the newest version of its edge. A deleted post has no counters, whatever comes after or late.
--
-- Behind those of position.lua:
-- KEYS  2 deleted posts
--       then for every event: its post's views, its post's likes, the set of seen ids of its day
-- ARGV  5 seconds to remember ids for
--       then for every event: 'view', 'like' or 'deletion'; the post;
--       the event id of a view or the user of a like;
--       '1' when a view's id may be forgotten already, else '0', or the version of a like, negative where it was taken back

local fixedKeys, keysPerEvent, fixedArgs, argsPerEvent = 2, 3, 5, 4
local deletedPosts, rememberSeconds = KEYS[2], ARGV[5]

local events = {}
for i = 0, (#ARGV - fixedArgs) / argsPerEvent - 1 do
  local key, arg = fixedKeys + i * keysPerEvent, fixedArgs + i * argsPerEvent
  local event = {
    views = KEYS[key + 1],
    likes = KEYS[key + 2],
    seen = KEYS[key + 3],
    kind = ARGV[arg + 1],
    post = ARGV[arg + 2],
    who = ARGV[arg + 3],
    detail = ARGV[arg + 4],
  }
  if event.kind == 'view' and event.detail == '1' and isBelow then
    if not isWhollyBelow then return { 'rewind', stored } end
  else
    table.insert(events, event)
  end
end

redis.call('SCARD', deletedPosts)
for _, event in ipairs(events) do
  redis.call('ZCARD', event.likes)
  if event.kind == 'view' then
    redis.call('SCARD', event.seen)
    local wrong = checkCounter(event.views)
    if wrong then return wrong end
  end
end

local days = {}
local apply = {
  view = function(event)
    days[event.seen] = true
    if redis.call('SADD', event.seen, event.who) == 1 then redis.call('INCR', event.views) end
  end,
  like = function(event)
    local version = redis.call('ZSCORE', event.likes, event.who)
    if not version or math.abs(tonumber(event.detail)) > math.abs(tonumber(version)) then
      redis.call('ZADD', event.likes, event.detail, event.who)
    end
  end,
  deletion = function(event)
    redis.call('SADD', deletedPosts, event.post)
    redis.call('UNLINK', event.views, event.likes)
  end,
}
for _, event in ipairs(events) do
  if event.kind == 'deletion' or redis.call('SISMEMBER', deletedPosts, event.post) == 0 then
    apply[event.kind](event)
  end
end
for day in pairs(days) do redis.call('EXPIRE', day, rememberSeconds) end

return moveOn()
