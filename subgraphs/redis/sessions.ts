import { createHash, randomBytes } from 'node:crypto';
import type { Sessions, Viewer } from '../../gateway/request.ts';
import { keys } from './keys.ts';
import type { RedisStore } from './store.ts';

/** A session ends this long after it was last used. */
const lifetimeSeconds = 3_600;

/**
 * Sessions in Redis: `session:<sha256 of the token>` → the viewer. Only the hash is stored, so a dump of Redis, or a look
 * over the shoulder of MONITOR, gives nobody a token. A plain hash will do: unlike a password, 256 random bits cannot be
 * guessed (OWASP Session Management Cheat Sheet asks for 64).
 */
export function redisSessions(store: RedisStore): Sessions {
  return {
    async create(viewer) {
      const token = randomBytes(32).toString('base64url');
      await store.call('SET session:<sha256> <viewer> EX 3600', (redis) =>
        redis.set(keyOf(token), JSON.stringify(viewer), 'EX', lifetimeSeconds),
      );
      return token;
    },
    async find(token) {
      const viewer = await store.call('GETEX session:<sha256> EX 3600', (redis) =>
        redis.getex(keyOf(token), 'EX', lifetimeSeconds),
      );
      return viewer === null ? null : (JSON.parse(viewer) as Viewer);
    },
    async end(token) {
      await store.call('DEL session:<sha256>', (redis) => redis.del(keyOf(token)));
    },
  };
}

const keyOf = (token: string) => keys.session(createHash('sha256').update(token).digest('hex'));
