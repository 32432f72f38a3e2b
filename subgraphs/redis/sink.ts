import { Rewind, type Sink, type SinkBatch } from '../../fanout/sink.ts';
import type { StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { keys, trendingHalfLifeMs } from './keys.ts';
import { mayBeForgotten, rememberSeconds, seenKey } from './seen.ts';
import type { RedisStore } from './store.ts';
import { verify } from './verify.ts';

/** From here on trending's weights come near the end of a double (2^1024): half of the way there. */
const maxHalfLives = 512;

/**
 * Counts plays. An increment is not idempotent by itself, so one script changes the counters, remembers the events' ids
 * and stores the partition's position, all or nothing; the README tells what each of the two guards against.
 */
export function redisSink(store: RedisStore): Sink {
  /** By topic and partition: the position that Redis was last seen to hold, `none` for no position. */
  const known = new Map<string, string>();

  return {
    async apply(batch) {
      const name = nameOf(batch.topic, batch.partition);
      const [outcome, stored] = await store.call('EVALSHA apply-plays.lua', (redis) => {
        const { keys, args } = scriptCall(batch, known.get(name) ?? '?');
        return redis.applyPlays(keys.length, ...keys, ...args);
      });
      known.set(name, stored);
      if (outcome === 'rewind') throw new Rewind(stored === 'none' ? 0n : BigInt(stored));
    },

    async probe() {
      await store.call('SET sink:probe <now> EX 60', (redis) => redis.set(keys.probe, Date.now(), 'EX', 60));
    },

    async positions(topic) {
      const stored = await store.call(`HGETALL ${keys.positions(topic)}`, (redis) =>
        redis.hgetall(keys.positions(topic)),
      );
      // Whoever asks is about to start somewhere, and this sink cannot know where: it forgets where it was.
      for (const name of known.keys()) if (name.startsWith(nameOf(topic, ''))) known.delete(name);
      return new Map(Object.entries(stored).map(([partition, offset]) => [Number(partition), BigInt(offset)]));
    },

    verify: (source) => verify(store, source),
  };
}

const nameOf = (topic: string, partition: number | '') => `${topic}/${partition}`;

type Play = StreamEventOf<'watch.recorded'>;

const isPlay = (event: StreamEvent): event is Play => event.type === 'watch.recorded' && event.data.action === 'PLAY';

/** Keys and arguments of `apply-plays.lua`, whose head describes them. */
function scriptCall(batch: SinkBatch, knownPosition: string): { keys: string[]; args: string[] } {
  const plays = batch.events.filter(isPlay);
  return {
    keys: [
      ...[keys.positions(batch.topic), keys.leaderboard, keys.trending, keys.trendingLandmark],
      ...plays.flatMap(({ id, data }) => [keys.views(data.movieId), seenKey(id)]),
    ],
    args: [
      ...[batch.partition, batch.firstOffset, batch.nextOffset, knownPosition].map(String),
      ...[trendingHalfLifeMs, maxHalfLives, rememberSeconds].map(String),
      ...plays.flatMap((play) => [
        play.id,
        play.data.movieId,
        String(watchedAtMs(play)),
        mayBeForgotten(play.id) ? '1' : '0',
      ]),
    ],
  };
}

/** When it was watched, but not after it was recorded: one wrong clock must not outweigh everybody else's views. */
const watchedAtMs = ({ time, data }: Play) => Math.min(Date.parse(data.watchedAt), Date.parse(time));
