import { setTimeout as delay } from 'node:timers/promises';
import type { Settings } from '../config.ts';
import { kafkaClient } from '../fanout/kafka.ts';
import { topicsOf } from '../fanout/message.ts';
import { names } from '../fanout/names.ts';
import { fetchCommitted } from '../fanout/offsets.ts';
import type { SinkInfo } from '../gateway/room.ts';
import { type EventType, eventTypes } from '../schema/events/index.ts';
import type { Place } from './event-places.ts';
import { median } from './statistics.ts';

/** When a sink was first seen to have applied everything of a partition before an offset. */
export interface Sighting {
  /** Milliseconds of the epoch. */
  atMs: number;
  /** The next offset that it wants. */
  next: bigint;
}

/** What was seen of the sinks' committed offsets. */
export interface OffsetTrack {
  /** By sink and `trackOf` what it consumes, earliest first. */
  sightings: ReadonlyMap<string, ReadonlyMap<string, readonly Sighting[]>>;
  /** Between two looks: by so much an event may have been applied earlier than it was seen. */
  gapMs: { median: number; longest: number };
}

export interface FollowOptions {
  settings: Settings;
  sinks: readonly SinkInfo[];
  lookEveryMs: number;
}

const trackIn = (topicName: string, partition: number) => `${topicName}/${partition}`;

/** The partition that an event is in. */
export const trackOf = (type: EventType, { partition }: Place): string =>
  trackIn(names.topic(eventTypes[type].topic), partition);

/** Looks at the sinks' committed offsets again and again until it is stopped. */
export async function followOffsets({ settings, sinks, lookEveryMs }: FollowOptions) {
  const admin = kafkaClient({ settings: settings.kafka, retries: 3 }).admin();
  await admin.connect();
  const groups = sinks.map(({ name, consumes }) => ({
    ...{ name, group: names.group(name), topicNames: topicsOf(consumes).map(names.topic) },
    seen: new Map<string, Sighting[]>(),
  }));
  const looksAtMs: number[] = [];
  let isOver = false;

  const look = async () => {
    const asking = groups.map(({ group, topicNames }) => fetchCommitted(admin, group, topicNames));
    const committed = await Promise.all(asking);
    const atMs = performance.timeOrigin + performance.now();
    looksAtMs.push(atMs);
    groups.forEach(({ seen }, index) => {
      for (const [topicName, partitions] of committed[index] ?? []) {
        for (const [partition, next] of partitions) note(seen, trackIn(topicName, partition), { atMs, next });
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
      const sightings = new Map(groups.map(({ name, seen }) => [name, seen]));
      return { sightings, gapMs: { median: median(gaps), longest: Math.max(...gaps) } };
    },
  };
}

function note(seen: Map<string, Sighting[]>, track: string, sighting: Sighting): void {
  const before = seen.get(track);
  if (!before) seen.set(track, [sighting]);
  else if (before.at(-1)?.next !== sighting.next) before.push(sighting);
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
