import { expect, test } from 'vitest';
import { createPost } from '../subgraphs/mongo/commands.ts';
import { openMongo } from '../subgraphs/mongo/store.ts';
import { openTestDatabase as openMongoDatabase, post } from '../subgraphs/mongo/testing.ts';
import { mongoOutbox } from './mongo-outbox.ts';
import type { OutboxSource } from './outbox.ts';
import { postgresOutbox } from './postgres-outbox.ts';
import { startRelay } from './relay.ts';
import {
  insertOutbox,
  onTopicsOf,
  openTestDatabase as openPostgresDatabase,
  openTestKafka,
  readTopic,
  silent,
  type TestKafka,
  until,
  userEvent,
} from './testing.ts';

const nowhere = '127.0.0.1:1/none';

/** Starts a relay for each outbox, as one process does. */
function startRelays({ settings, names }: TestKafka, outboxes: readonly OutboxSource[]): AsyncDisposable {
  const workers = outboxes.map((outbox) => startRelay({ outbox, settings, names, logger: silent }));
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}

test('without MongoDB, Postgres’ outbox is relayed all the same', async () => {
  await using kafka = await openTestKafka();
  await using database = await openPostgresDatabase(kafka.settings);
  const { postgres, mongo } = kafka.settings;
  const outboxes = [
    postgresOutbox({ ...postgres, url: database.url }),
    mongoOutbox({ ...mongo, url: `mongodb://${nowhere}` }),
  ];
  await using _ = startRelays(kafka, outboxes);
  const client = await database.connect();
  const topic = kafka.names.topic('user_events');
  const event = userEvent('alone');
  await insertOutbox(client, topic, event);
  await until('the outbox is empty', async () => (await client.query('SELECT FROM outbox')).rowCount === 0);
  expect((await readTopic(kafka, topic)).map(({ value }) => JSON.parse(value).id)).toEqual([event.id]);
});

test('without Postgres, MongoDB’s outboxes are relayed all the same', async () => {
  await using kafka = await openTestKafka();
  await using database = await openMongoDatabase();
  const store = openMongo(database.settings);
  const outboxes = [
    postgresOutbox({ ...kafka.settings.postgres, url: `postgresql://nobody:nothing@${nowhere}` }),
    onTopicsOf(kafka.names, mongoOutbox(database.settings)),
  ];
  await using _ = startRelays(kafka, outboxes);
  const { post: written, eventId } = await createPost(store, post('u1'));
  await until('the outbox is empty', async () => (await database.events(written.id)).length === 0);
  const messages = await readTopic(kafka, kafka.names.topic('post_events'));
  expect(messages.map(({ value }) => JSON.parse(value).id)).toEqual([eventId]);
  await store.close();
});
