-- Counts the plays of one batch, each once, and moves the partition's position: all of it or nothing.
--
-- Behind those of position.lua:
-- KEYS  2 leaderboard of all time   3 trending   4 trending's landmark
--       then for every day that was played on: its leaderboards, as many for each
--       then for every play: its movie's counter, the set of seen ids of the event's day
-- ARGV  5 half-life in ms   6 half-lives after which trending gets a new landmark   7 seconds to remember ids for
--       8 number of days   9 leaderboards of each
--       then for every day: when its leaderboards expire (seconds since 1970)
--       then for every play: event id, movie, played at (ms), '1' when its id may be forgotten already, else '0',
--       which of the days it was on, from 1, or 0 where the leaderboards of its day have expired

local leaderboard, trending, landmarkKey = KEYS[2], KEYS[3], KEYS[4]
local halfLife, maxHalfLives, rememberSeconds = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local dayCount, leaderboardsPerDay = tonumber(ARGV[8]), tonumber(ARGV[9])

local leaderboardsOf = { [0] = {} }
for day = 1, dayCount do
  leaderboardsOf[day] = {}
  for i = 1, leaderboardsPerDay do
    local place = (day - 1) * leaderboardsPerDay + i
    leaderboardsOf[day][i] = { key = KEYS[4 + place], expiresAt = ARGV[9 + place] }
  end
end

local fixedKeys, keysPerPlay = 4 + dayCount * leaderboardsPerDay, 2
local fixedArgs, argsPerPlay = 9 + dayCount * leaderboardsPerDay, 5
local plays = {}
for i = 0, (#ARGV - fixedArgs) / argsPerPlay - 1 do
  local key, arg = fixedKeys + i * keysPerPlay, fixedArgs + i * argsPerPlay
  local play = {
    counter = KEYS[key + 1],
    seen = KEYS[key + 2],
    id = ARGV[arg + 1],
    movie = ARGV[arg + 2],
    playedAt = tonumber(ARGV[arg + 3]),
    leaderboards = leaderboardsOf[tonumber(ARGV[arg + 5])],
  }
  if ARGV[arg + 4] == '1' and isBelow then
    if not isWhollyBelow then return { 'rewind', stored } end
  else
    table.insert(plays, play)
  end
end

redis.call('ZCARD', leaderboard)
redis.call('ZCARD', trending)
for _, ofDay in ipairs(leaderboardsOf) do
  for _, each in ipairs(ofDay) do redis.call('ZCARD', each.key) end
end
local landmark = tonumber(redis.call('GET', landmarkKey) or nil)
for _, play in ipairs(plays) do
  redis.call('SCARD', play.seen)
  local wrong = checkCounter(play.counter)
  if wrong then return wrong end
end

local seenDays = {}
for _, play in ipairs(plays) do
  seenDays[play.seen] = true
  if redis.call('SADD', play.seen, play.id) == 1 then
    redis.call('INCR', play.counter)
    redis.call('ZINCRBY', leaderboard, 1, play.movie)
    for _, each in ipairs(play.leaderboards) do redis.call('ZINCRBY', each.key, 1, play.movie) end

    if not landmark then
      landmark = play.playedAt
      redis.call('SET', landmarkKey, string.format('%.0f', landmark))
    end
    local halfLives = (play.playedAt - landmark) / halfLife
    if halfLives > maxHalfLives then
      -- A double ends at 2^1024: weigh all that is there at a later landmark.
      local shift = math.floor(halfLives)
      redis.call('ZUNIONSTORE', trending, 1, trending, 'WEIGHTS', string.format('%.17g', 2 ^ -shift))
      landmark = landmark + shift * halfLife
      redis.call('SET', landmarkKey, string.format('%.0f', landmark))
      halfLives = halfLives - shift
    end
    redis.call('ZINCRBY', trending, string.format('%.17g', 2 ^ halfLives), play.movie)
  end
end
for seen in pairs(seenDays) do redis.call('EXPIRE', seen, rememberSeconds) end
-- What has expired already goes at once.
for _, ofDay in ipairs(leaderboardsOf) do
  for _, each in ipairs(ofDay) do redis.call('EXPIREAT', each.key, each.expiresAt) end
end

return moveOn()
