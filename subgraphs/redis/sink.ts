import { Rewind, type Sink } from '../../fanout/sink.ts';
import type { Statement } from '../../gateway/seam.ts';
import { keys } from './keys.ts';
import { edgesCall, playsCall, postsCall } from './script-calls.ts';
import { scripts } from './scripts.ts';
import type { RedisStore } from './store.ts';
import { verify } from './verify.ts';

/** By topic, the script that takes a batch in. */
const scriptOf = {
  watch_events: { file: 'apply-plays.lua', command: 'applyPlays', callOf: playsCall },
  post_events: { file: 'apply-posts.lua', command: 'applyPosts', callOf: postsCall },
  social_events: { file: 'apply-edges.lua', command: 'applyEdges', callOf: edgesCall },
} as const;

/**
 * Counts plays, and views and likes of posts, and keeps who blocks whom. An increment is not idempotent by itself, so one
 * script changes the counters, remembers the events' ids (of likes and blocks: the versions) and stores the partition's
 * position, all or nothing; the README tells what each of them guards against.
 */
export function redisSink(store: RedisStore): Sink {
  /** By topic and partition: the position that Redis was last seen to hold, `none` for no position. */
  const known = new Map<string, string>();

  return {
    async apply(batch) {
      const name = nameOf(batch.topic, batch.partition);
      const { file, command, callOf } = scriptOf[batch.topic as keyof typeof scriptOf];
      const { keys: names, args } = callOf(batch, known.get(name) ?? '?');
      const statement = {
        text: `EVALSHA <${file}> <numkeys> <key> … <arg> …`,
        parameters: { [file]: scripts[command].sha1, numkeys: names.length, key: names, arg: args },
      };
      const [outcome, stored] = await store.call(statement, (redis) => redis[command](names.length, ...names, ...args));
      known.set(name, stored);
      if (outcome === 'rewind') throw new Rewind(stored === 'none' ? 0n : BigInt(stored));
    },

    async probe() {
      const now = Date.now();
      await store.call({ text: `SET ${keys.probe} <now> EX 60`, parameters: { now } }, (redis) =>
        redis.set(keys.probe, now, 'EX', 60),
      );
    },

    async positions(topic) {
      const statement: Statement<Record<string, string>> = {
        text: `HGETALL ${keys.positions(topic)}`,
        isRead: true,
        rowsOf: (all) => Object.keys(all).length,
      };
      const stored = await store.call(statement, (redis) => redis.hgetall(keys.positions(topic)));
      // Whoever asks is about to start somewhere, and this sink cannot know where: it forgets where it was.
      for (const name of known.keys()) if (name.startsWith(nameOf(topic, ''))) known.delete(name);
      return new Map(Object.entries(stored).map(([partition, offset]) => [Number(partition), BigInt(offset)]));
    },

    verify: (source) => verify(store, source),
  };
}

const nameOf = (topic: string, partition: number | '') => `${topic}/${partition}`;
