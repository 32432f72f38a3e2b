-- Finds a session, prolongs it, and tells whom its user blocks: one round trip, although only the session says who that is.
--
-- KEYS  1 session
-- ARGV  1 seconds that it lives from now on   2 what the keys of users' blocks begin with
-- Gives the viewer, as JSON, and whom they block; nothing where there is no such session.

local viewer = redis.call('GETEX', KEYS[1], 'EX', ARGV[1])
if not viewer then return false end
local blocks = ARGV[2] .. cjson.decode(viewer).userId
return { viewer, redis.call('ZRANGE', blocks, 1, '+inf', 'BYSCORE') }
