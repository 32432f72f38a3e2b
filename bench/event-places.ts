import { Partitioners } from 'kafkajs';
import type { Settings } from '../config.ts';
import { kafkaClient } from '../fanout/kafka.ts';
import { readMessage } from '../fanout/message.ts';
import { names } from '../fanout/names.ts';
import { chunks } from '../gateway/batches.ts';
import type { EventRow } from '../gateway/event-place.ts';
import { eventTypes, type StreamEventOf } from '../schema/events/index.ts';
import { readTopic } from '../subgraphs/kafka/read-topic.ts';
import { eventsById as eventsOfMongo } from '../subgraphs/mongo/queries.ts';
import { eventsById as eventsOfPostgres } from '../subgraphs/postgres/queries.ts';
import type { Written, WrittenType } from './processes/writer.ts';
import type { Stores } from './stores.ts';

/** Where an event is in its topic. */
export interface Place {
  partition: number;
  offset: bigint;
}

/** What tells a playback report from all others: no player measures twice in a millisecond. */
export const reportKey = (userId: string, measuredAt: string): string => `${userId} ${measuredAt}`;

type Find = (ids: readonly string[]) => Promise<Map<string, Place>>;

/**
 * Looks up where events are that were published.
 * @returns in their order
 * @throws Error when one never was
 */
export async function placesOf(
  { postgres, mongo }: Pick<Stores, 'postgres' | 'mongo'>,
  settings: Pick<Settings, 'kafka'>,
  written: readonly Pick<Written, 'type' | 'id'>[],
): Promise<Place[]> {
  const inPostgres: Find = (ids) => placesById(ids, (some) => eventsOfPostgres(postgres, some));
  const inMongo: Find = (ids) => placesById(ids, (some) => eventsOfMongo(mongo, some));
  const finders: Record<WrittenType, Find> = {
    'watch.recorded': inPostgres,
    'post.changed': inMongo,
    'comment.added': inMongo,
    'playback.reported': () => reportPlaces(settings),
  };
  const places = new Map<string, Place>();
  for (const type of new Set(written.map(({ type }) => type))) {
    const ids = written.flatMap((event) => (event.type === type ? [event.id] : []));
    for (const [id, place] of await finders[type](ids)) places.set(id, place);
  }
  return written.map(({ id, type }) => {
    const place = places.get(id);
    if (!place) throw new Error(`an event ${type} was never published`);
    return place;
  });
}

async function placesById(
  ids: readonly string[],
  eventsById: (ids: readonly string[]) => Promise<(EventRow | null)[]>,
) {
  const places = new Map<string, Place>();
  for (const chunk of chunks(ids, 1_000)) {
    (await eventsById(chunk)).forEach((row, index) => {
      if (row?.partition == null || row.offset === null) return;
      places.set(chunk[index] as string, { partition: row.partition, offset: BigInt(row.offset) });
    });
  }
  return places;
}

/** Of all reports that Kafka has, by `reportKey`: nothing else knows where they are. */
async function reportPlaces({ kafka: settings }: Pick<Settings, 'kafka'>): Promise<Map<string, Place>> {
  const kafka = kafkaClient({ settings, retries: 5 });
  const topic = names.topic(eventTypes['playback.reported'].topic);
  const partitionOf = await partitionerOf(kafka, topic);
  const places = new Map<string, Place>();
  for await (const messages of readTopic(kafka, topic)) {
    for (const { key, value, offset } of messages) {
      const reading = readMessage(value, new Set(['playback.reported']));
      if (reading.kind !== 'event') continue;
      const { data } = reading.event as StreamEventOf<'playback.reported'>;
      places.set(reportKey(data.userId, data.measuredAt), { partition: partitionOf(key), offset: BigInt(offset) });
    }
  }
  return places;
}

/** The partition of a key, as the producer chooses it. */
async function partitionerOf(kafka: ReturnType<typeof kafkaClient>, topic: string) {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitionMetadata = topics[0]?.partitions ?? [];
    const choose = Partitioners.DefaultPartitioner();
    return (key: Buffer | null) => choose({ topic, partitionMetadata, message: { key, value: null } });
  } finally {
    await admin.disconnect();
  }
}
