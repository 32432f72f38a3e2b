import { type ChainableCommander, Redis } from 'ioredis';
import type { Settings } from '../../config.ts';
import { isNetworkError } from '../../gateway/guard.ts';
import type { Context, RoomStore } from '../../gateway/room.ts';
import { createSeam, type Statement } from '../../gateway/seam.ts';
import { scripts } from './scripts.ts';
import { inRedisCli } from './shell.ts';

/** What queries, sessions and the sink need of Redis. */
export interface RedisStore extends RoomStore {
  /**
   * One round trip: a command, a pipeline or a script.
   * @param statement the native commands as `inRedisCli` reads them, for those who observe
   */
  call<T>(statement: string | Statement<T>, work: (redis: RedisClient) => Promise<T>): Promise<T>;
}

/** ioredis, with the room's scripts as commands: sent as EVALSHA, or as EVAL where the server does not have the script yet. */
export type RedisClient = Redis & {
  /** See `apply-plays.lua`. */
  applyPlays: SinkScript;
  /** See `apply-posts.lua`. */
  applyPosts: SinkScript;
  /** See `apply-edges.lua`. */
  applyEdges: SinkScript;
  /** See `find-session.lua`. */
  findSession(
    numberOfKeys: number,
    ...keysAndArgs: (string | number)[]
  ): Promise<[viewer: string, blocks: string[]] | null>;
};

type SinkScript = (
  numberOfKeys: number,
  ...keysAndArgs: (string | number)[]
) => Promise<['applied' | 'rewind', position: string]>;

export type RoomContext = Context<RedisStore>;

const reconnectAfterMs = 100;

/** Opens the client; the server need not be there. */
export function openRedis({ url, timeoutMs }: Settings['redis']): RedisStore {
  const seam = createSeam({ store: 'redis', timeoutMs, isOutage, inShell: inRedisCli });
  const redis = new Redis(url, {
    // Commands wait for a connection that is being made, and fail with it: at most one attempt, so a dead Redis costs a
    // page a tenth of a second, and the first command after opening finds the connection.
    retryStrategy: () => reconnectAfterMs,
    maxRetriesPerRequest: 0,
    connectTimeout: timeoutMs,
    // While Redis reads its file back, ask again soon.
    maxLoadingRetryTime: 250,
    // A peer that vanished without a word is noticed by its silence, not by TCP's quarter of an hour.
    socketTimeout: 2 * timeoutMs,
    scripts,
  }) as RedisClient;
  // Each command fails by itself; without a listener ioredis prints every attempt to connect as well.
  redis.on('error', () => {});

  const call: RedisStore['call'] = (statement, work) => seam(statement, () => work(redis));
  return {
    call,
    async ping() {
      await call({ text: 'PING', isRead: true }, (redis) => redis.ping());
    },
    // Keys need no schema.
    migrate: async () => {},
    close: async () => redis.disconnect(),
  };
}

/**
 * The replies of a pipeline or transaction, in order.
 * @throws the first error among them
 */
export async function replies(pipeline: ChainableCommander): Promise<unknown[]> {
  const results = await pipeline.exec();
  // null is a transaction given up over WATCH, which nobody here uses.
  return (results ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}

const connectionErrors = new Set(['MaxRetriesPerRequestError', 'AbortError']);

/** Errors of ioredis that tell of the connection; and the one reply that means "not yet". */
function isOutage(error: unknown): boolean {
  const { name = '', message = '' } = error as { name?: string; message?: string };
  return (
    connectionErrors.has(name) ||
    isNetworkError(error) ||
    message === 'Connection is closed.' ||
    message.startsWith('LOADING ')
  );
}
