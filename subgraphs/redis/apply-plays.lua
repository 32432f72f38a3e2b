-- Counts the plays of one batch, each once, and moves the partition's position: all of it or nothing.
--
-- Behind those of position.lua:
-- KEYS  2 leaderboard   3 trending   4 trending's landmark
--       then for every play: its movie's counter, the set of seen ids of its day
-- ARGV  5 half-life in ms   6 half-lives after which trending gets a new landmark   7 seconds to remember ids for
--       then for every play: event id, movie, watched at (ms), '1' when its id may be forgotten already, else '0'

local fixedKeys, keysPerPlay, fixedArgs, argsPerPlay = 4, 2, 7, 4
local leaderboard, trending, landmarkKey = KEYS[2], KEYS[3], KEYS[4]
local halfLife, maxHalfLives, rememberSeconds = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]

local plays = {}
for i = 0, (#ARGV - fixedArgs) / argsPerPlay - 1 do
  local key, arg = fixedKeys + i * keysPerPlay, fixedArgs + i * argsPerPlay
  local play = {
    counter = KEYS[key + 1],
    seen = KEYS[key + 2],
    id = ARGV[arg + 1],
    movie = ARGV[arg + 2],
    watchedAt = tonumber(ARGV[arg + 3]),
  }
  if ARGV[arg + 4] == '1' and isBelow then
    if not isWhollyBelow then return { 'rewind', stored } end
  else
    table.insert(plays, play)
  end
end

redis.call('ZCARD', leaderboard)
redis.call('ZCARD', trending)
local landmark = tonumber(redis.call('GET', landmarkKey) or nil)
for _, play in ipairs(plays) do
  redis.call('SCARD', play.seen)
  local wrong = checkCounter(play.counter)
  if wrong then return wrong end
end

local days = {}
for _, play in ipairs(plays) do
  days[play.seen] = true
  if redis.call('SADD', play.seen, play.id) == 1 then
    redis.call('INCR', play.counter)
    redis.call('ZINCRBY', leaderboard, 1, play.movie)

    if not landmark then
      landmark = play.watchedAt
      redis.call('SET', landmarkKey, string.format('%.0f', landmark))
    end
    local halfLives = (play.watchedAt - landmark) / halfLife
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
for day in pairs(days) do redis.call('EXPIRE', day, rememberSeconds) end

return moveOn()
