import { setTimeout as delay } from 'node:timers/promises';
import type { Settings } from '../config.ts';
import { kafkaClient } from '../fanout/kafka.ts';
import { names } from '../fanout/names.ts';
import { fetchCommitted } from '../fanout/offsets.ts';
import { median } from './statistics.ts';

/** When a sink was first seen to have applied everything of a partition before an offset. */
export interface Sighting {
  /** Milliseconds of the epoch. */
  atMs: number;
  /** The next offset that it wants. */
  next: bigint;
}

/** What was seen of the sinks' committed offsets in a topic. */
export interface OffsetTrack {
  /** By sink and partition, earliest first. */
  sightings: ReadonlyMap<string, ReadonlyMap<number, readonly Sighting[]>>;
  /** Between two looks: by so much an event may have been applied earlier than it was seen. */
  gapMs: { median: number; longest: number };
}

export interface FollowOptions {
  settings: Settings;
  sinks: readonly string[];
  topic: string;
  lookEveryMs: number;
}

/** Looks at the sinks' committed offsets again and again until it is stopped. */
export async function followOffsets({ settings, sinks, topic, lookEveryMs }: FollowOptions) {
  const admin = kafkaClient({ settings: settings.kafka, retries: 3 }).admin();
  await admin.connect();
  const sightings = new Map(sinks.map((sink) => [sink, new Map<number, Sighting[]>()]));
  const looksAtMs: number[] = [];
  let isOver = false;

  const look = async () => {
    const committed = await Promise.all(sinks.map((sink) => fetchCommitted(admin, names.group(sink), [topic])));
    const atMs = performance.timeOrigin + performance.now();
    looksAtMs.push(atMs);
    sinks.forEach((sink, index) => {
      const seen = sightings.get(sink);
      for (const [partition, next] of committed[index]?.get(topic) ?? []) {
        const before = seen?.get(partition);
        if (!before) seen?.set(partition, [{ atMs, next }]);
        else if (before.at(-1)?.next !== next) before.push({ atMs, next });
      }
    });
  };
  const looking = (async () => {
    while (!isOver) {
      await look();
      await delay(lookEveryMs);
    }
  })();
  return {
    /** @throws Error when Kafka could not be asked */
    stop: async (): Promise<OffsetTrack> => {
      isOver = true;
      await looking;
      await look();
      await admin.disconnect();
      const gaps = looksAtMs.slice(1).map((atMs, index) => atMs - (looksAtMs[index] as number));
      return { sightings, gapMs: { median: median(gaps), longest: Math.max(...gaps) } };
    },
  };
}

/**
 * When a sink was first seen to have applied the message at an offset.
 * @throws Error when it never was
 */
export function appliedAtMs(sightings: readonly Sighting[] = [], offset: bigint): number {
  let [from, to] = [0, sightings.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sightings[middle] as Sighting).next > offset) to = middle;
    else from = middle + 1;
  }
  const found = sightings[from];
  if (!found) throw new Error(`nobody has seen offset ${offset} applied`);
  return found.atMs;
}
