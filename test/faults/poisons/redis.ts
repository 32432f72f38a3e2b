import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { like, settings } from '../../harness.ts';
import type { Poison, User } from './poison.ts';

/** The key of the post's likes is in use for something else. */
export async function redisPoison({ token, id }: User): Promise<Poison> {
  const redis = new Redis(settings.redis.url);
  const [first, poisoned, last] = Array.from({ length: 3 }, () => randomUUID()) as [string, string, string];
  const likePost = (targetId: string) => like(token, { kind: 'POST', targetId });
  const key = `post:likes:${poisoned}`;
  await redis.lpush(key, 'a list, and no sorted set');
  return {
    before: () => likePost(first),
    poison: () => likePost(poisoned),
    isFollowed: true,
    after: () => likePost(last),
    mend: () => redis.del(key),
    isShown: async () => (await redis.zscore(key, id)) === '1',
    [Symbol.asyncDispose]: async () => redis.disconnect(),
  };
}
