import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { readSettings } from '../config.ts';
import {
  collections,
  entryOf,
  noteOf,
  type OutboxEntry,
  type OutboxNote,
  outboxCollectionOf,
  type WithOutbox,
} from '../subgraphs/mongo/outbox.ts';
import { until } from '../test/harness.ts';
import { mongoClient } from './mongo-outbox.ts';
import { readMongoOutboxAge, readPostgresOutboxAge } from './outbox-age.ts';
import { insertOutbox, openTestDatabase, userEvent } from './testing.ts';

const settings = readSettings();

test('Postgres tells how long its oldest event waits, held back or not', async () => {
  await using database = await openTestDatabase(settings);
  const client = await database.connect();
  expect(await readPostgresOutboxAge(client)).toMatchObject({ oldestSeconds: 0 });
  for (const secondsAgo of [40, 90, 10]) {
    const event = userEvent(`age-${secondsAgo}`);
    await insertOutbox(client, 'user_events', event);
    await client.query(`UPDATE outbox SET created_at = now() - make_interval(secs => $1) WHERE id = $2`, [
      secondsAgo,
      event.id,
    ]);
  }
  const { oldestSeconds } = await readPostgresOutboxAge(client);
  expect(oldestSeconds).toBeGreaterThanOrEqual(90);
  expect(oldestSeconds).toBeLessThan(3_600);
});

test('Postgres reads the beginning of its outbox, however long that has become', async () => {
  await using database = await openTestDatabase(settings);
  const client = await database.connect();
  await client.query(
    `INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, created_at)
     SELECT gen_random_uuid(), 'user_events', 'a', 'user.registered', '{}', now() - make_interval(secs => 30000 - n)
     FROM generate_series(1, 20000) AS n`,
  );
  await client.query('ANALYZE outbox');
  await client.query('BEGIN');
  expect((await readPostgresOutboxAge(client)).oldestSeconds).toBeGreaterThanOrEqual(29_999);
  const { rows } = await client.query<{ read: number }>(
    `SELECT (seq_tup_read + idx_tup_fetch)::integer AS read FROM pg_stat_xact_user_tables WHERE relname = 'outbox'`,
  );
  await client.query('ROLLBACK');
  expect(rows[0]?.read).toBeGreaterThan(0);
  expect(rows[0]?.read).toBeLessThanOrEqual(1_000);
});

test('Postgres tells how long the oldest transaction has been writing, though readers are older', async () => {
  await using database = await openTestDatabase(settings);
  const [client, reader, writer] = [await database.connect(), await database.connect(), await database.connect()];
  await reader.query('BEGIN; SELECT 1');
  await writer.query('BEGIN');
  await insertOutbox(writer, 'user_events', userEvent('age-writer'));
  const beganAt = performance.now();
  const { rows } = await client.query<{ reading: number }>(
    `SELECT extract(epoch FROM clock_timestamp() - min(xact_start))::float8 AS reading
     FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NULL AND pid <> pg_backend_pid()`,
  );
  expect(rows[0]?.reading).toBeGreaterThan(0);
  await client.query('SELECT pg_sleep(0.2)');
  const elapsedSeconds = (performance.now() - beganAt) / 1_000;
  const { writingTransactionSeconds } = await readPostgresOutboxAge(client);
  expect(writingTransactionSeconds).toBeGreaterThanOrEqual(elapsedSeconds);
  // Transactions of other databases count as well, but nobody else writes for so long.
  expect(writingTransactionSeconds).toBeLessThan(60);

  await writer.query('COMMIT');
  // The reader goes on. What the running stack writes meanwhile ends sooner or later.
  await until('only the reader is as old', async () => {
    const after = await readPostgresOutboxAge(client);
    return after.writingTransactionSeconds < elapsedSeconds;
  });
});

test('MongoDB tells how long its oldest event waits; a note whose event was never written does not count', async () => {
  const client = mongoClient(settings.mongo);
  await client.connect();
  const db = client.db(`test_${randomUUID().slice(0, 8)}`);
  onTestFinished(async () => {
    await db.dropDatabase();
    await client.close();
  });
  expect(await readMongoOutboxAge(db)).toEqual({ oldestSeconds: 0 });

  const agedBy = (seconds: number, entry: OutboxEntry) => {
    entry.event.time = new Date(Date.now() - seconds * 1_000).toISOString();
    return entry;
  };
  const waitingFor = (seconds: number) => {
    const postId = randomUUID();
    const data = { postId, authorId: 'u123', movieId: null, deletedAt: new Date().toISOString() };
    return agedBy(seconds, entryOf('post.deleted', { subject: postId, version: 2, actor: 'u123', data }));
  };
  const notes = db.collection<OutboxNote>(collections.pending);
  await notes.insertOne(noteOf(waitingFor(500)));
  expect(await readMongoOutboxAge(db)).toEqual({ oldestSeconds: 0 });

  const write = async (entry: OutboxEntry) => {
    await notes.insertOne(noteOf(entry));
    const collection = db.collection<WithOutbox>(outboxCollectionOf(entry.event.type));
    await collection.insertOne({ _id: entry.event.subject, outbox: [entry] });
  };
  for (const seconds of [20, 70, 5]) await write(waitingFor(seconds));
  const { oldestSeconds } = await readMongoOutboxAge(db);
  expect(oldestSeconds).toBeGreaterThanOrEqual(70);
  expect(oldestSeconds).toBeLessThan(500);

  // A profile waits in another collection.
  const userId = randomUUID();
  const data = { userId, bio: '', links: [], interests: [], changedAt: new Date().toISOString() };
  await write(agedBy(300, entryOf('profile.changed', { subject: userId, version: 1, actor: userId, data })));
  expect((await readMongoOutboxAge(db)).oldestSeconds).toBeGreaterThanOrEqual(300);
});
