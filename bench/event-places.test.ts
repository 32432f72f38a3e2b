import { randomUUID } from 'node:crypto';
import { Partitioners } from 'kafkajs';
import { afterAll, expect, test } from 'vitest';
import { readSettings } from '../config.ts';
import { kafkaClient } from '../fanout/kafka.ts';
import { names } from '../fanout/names.ts';
import { makeEvent } from '../schema/events/make.ts';
import { openKafka } from '../subgraphs/kafka/store.ts';
import { openMongo } from '../subgraphs/mongo/store.ts';
import { openPostgres } from '../subgraphs/postgres/store.ts';
import { placesOf, reportKey } from './event-places.ts';

const settings = readSettings();
const stores = { postgres: openPostgres(settings.postgres), mongo: openMongo(settings.mongo) };
afterAll(async () => {
  await Promise.all([stores.postgres.close(), stores.mongo.close()]);
});

test('a playback report is found where its producer was told that it is', async () => {
  const room = openKafka(settings.kafka, []);
  await room.migrate?.();
  const producer = kafkaClient({ settings: settings.kafka, retries: 5 }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const measuredAt = new Date().toISOString();
  const reports = Array.from({ length: 8 }, () => ({ userId: randomUUID(), movieId: randomUUID() }));
  const placed = await Promise.all(
    reports.map(async (report) => {
      const data = { ...report, region: 'r', cdnNode: 'c', bufferingCount: 0, averageBitrateKbps: 1, measuredAt };
      const { key, event } = makeEvent('/streamshop/kafka', 'playback.reported', {
        ...{ key: report.movieId, subject: report.movieId, version: 1, actor: report.userId, data },
      });
      const topic = names.topic('playback_metrics');
      const [written] = await producer.send({ topic, messages: [{ key, value: JSON.stringify(event) }] });
      return { partition: written?.partition, offset: BigInt(written?.baseOffset ?? -1) };
    }),
  );
  await Promise.all([producer.disconnect(), room.close()]);

  const written = reports.map(({ userId }) => ({
    ...{ type: 'playback.reported' as const, id: reportKey(userId, measuredAt) },
  }));
  expect(await placesOf(stores, settings, written)).toEqual(placed);
  expect(new Set(placed.map(({ partition }) => partition)).size).toBeGreaterThan(1);
}, 60_000);

test('an event that nobody published has no place', async () => {
  for (const type of ['watch.recorded', 'post.changed'] as const) {
    const unknown = placesOf(stores, settings, [{ type, id: randomUUID() }]);
    await expect(unknown).rejects.toThrow(`an event ${type} was never published`);
  }
});
