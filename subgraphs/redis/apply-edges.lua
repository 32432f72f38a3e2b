-- Takes in who likes a post and who blocks whom, as one batch tells, and moves the partition's position: all of it or nothing.
-- Such an edge has versions 1, 2, 3 …: the newest counts, in whatever order they come. A deleted post has no likes, whatever
-- comes after or late.
--
-- Behind those of position.lua:
-- KEYS  2 deleted posts
--       then for every event: the sorted set that its edge stands in
-- ARGV  for every event: the post that is liked, or '' for a block; the edge's member in the set; its version, negative where
--       it was taken back

local fixedKeys, fixedArgs, argsPerEvent = 2, 4, 3
local deletedPosts = KEYS[2]

local edges = {}
for i = 0, (#ARGV - fixedArgs) / argsPerEvent - 1 do
  local arg = fixedArgs + i * argsPerEvent
  local edge = { set = KEYS[fixedKeys + i + 1], member = ARGV[arg + 2], version = ARGV[arg + 3] }
  local post = ARGV[arg + 1]
  if post == '' or redis.call('SISMEMBER', deletedPosts, post) == 0 then table.insert(edges, edge) end
end

for _, edge in ipairs(edges) do redis.call('ZCARD', edge.set) end

for _, edge in ipairs(edges) do
  local stored = redis.call('ZSCORE', edge.set, edge.member)
  if not stored or math.abs(tonumber(edge.version)) > math.abs(tonumber(stored)) then
    redis.call('ZADD', edge.set, edge.version, edge.member)
  end
end

return moveOn()
