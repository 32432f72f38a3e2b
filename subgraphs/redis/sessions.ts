import { randomBytes } from 'node:crypto';
import type { Sessions, Viewer } from '../../gateway/request.ts';
import { secret } from '../../gateway/seam.ts';
import { sessionKeyOf } from '../../gateway/sessions.ts';
import { keys } from './keys.ts';
import type { RedisStore } from './store.ts';

/** A session ends this long after it was last used. */
const lifetimeSeconds = 3_600;

/** Nobody who observes may see what a session goes by. */
const hash = { sha256: secret };

/**
 * Sessions in Redis: `session:<sha256 of the token>` → the viewer. Only the hash is stored, so a dump of Redis, or a look
 * over the shoulder of MONITOR, gives nobody a token.
 */
export function redisSessions(store: RedisStore): Sessions {
  return {
    async create(viewer) {
      const token = randomBytes(32).toString('base64url');
      const value = JSON.stringify(viewer);
      const text = `SET ${keys.session('<sha256>')} <viewer> EX ${lifetimeSeconds}`;
      await store.call({ text, parameters: { ...hash, viewer: value } }, (redis) =>
        redis.set(keys.session(sessionKeyOf(token)), value, 'EX', lifetimeSeconds),
      );
      return token;
    },
    async find(sessionKey) {
      const text = `GETEX ${keys.session('<sha256>')} EX ${lifetimeSeconds}`;
      // To prolong it twice does no harm.
      const viewer = await store.call({ text, parameters: hash, isRead: true, rowsOf: () => 1 }, (redis) =>
        redis.getex(keys.session(sessionKey), 'EX', lifetimeSeconds),
      );
      return viewer === null ? null : (JSON.parse(viewer) as Viewer);
    },
    async end(sessionKey) {
      await store.call({ text: `DEL ${keys.session('<sha256>')}`, parameters: hash }, (redis) =>
        redis.del(keys.session(sessionKey)),
      );
    },
  };
}
