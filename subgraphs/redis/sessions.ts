import { randomBytes } from 'node:crypto';
import type { Sessions, Viewer } from '../../gateway/request.ts';
import { secret } from '../../gateway/seam.ts';
import { sessionKeyOf } from '../../gateway/sessions.ts';
import { keys } from './keys.ts';
import { scripts } from './scripts.ts';
import type { RedisStore } from './store.ts';

/** A session ends this long after it was last used. */
const lifetimeSeconds = 3_600;

/** Nobody who observes may see what a session goes by. */
const hash = { sha256: secret };

const find = {
  text: `EVALSHA <find-session.lua> 1 ${keys.session('<sha256>')} ${lifetimeSeconds} ${keys.blocks('')}`,
  parameters: { 'find-session.lua': scripts.findSession.sha1, ...hash },
  // To prolong it twice does no harm.
  isRead: true,
  rowsOf: () => 1,
};

/**
 * Sessions in Redis: `session:<sha256 of the token>` → the viewer. Only the hash is stored, so a dump of Redis, or a look
 * over the shoulder of MONITOR, gives nobody a token. Whom the viewer blocks is no part of the session: it is read anew each time,
 * from what the sink keeps.
 */
export function redisSessions(store: RedisStore): Sessions {
  return {
    async create({ userId, scopes }) {
      const token = randomBytes(32).toString('base64url');
      const value = JSON.stringify({ userId, scopes });
      const text = `SET ${keys.session('<sha256>')} <viewer> EX ${lifetimeSeconds}`;
      await store.call({ text, parameters: { ...hash, viewer: value } }, (redis) =>
        redis.set(keys.session(sessionKeyOf(token)), value, 'EX', lifetimeSeconds),
      );
      return token;
    },
    async find(sessionKey) {
      const found = await store.call(find, (redis) =>
        redis.findSession(1, keys.session(sessionKey), lifetimeSeconds, keys.blocks('')),
      );
      if (!found) return null;
      const [viewer, blocks] = found;
      return { ...(JSON.parse(viewer) as Viewer), ...(blocks.length > 0 && { blocks }) };
    },
    async end(sessionKey) {
      await store.call({ text: `DEL ${keys.session('<sha256>')}`, parameters: hash }, (redis) =>
        redis.del(keys.session(sessionKey)),
      );
    },
  };
}
