import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect, test } from 'vitest';
import { untilRelayHasLooked } from '../../fanout/testing.ts';
import { newUser, recordWatch, settings, until, untilApplied } from '../harness.ts';
import { lakeEvents } from '../lake.ts';
import { truth, withClient } from '../truth.ts';

/** A transaction of its own that signs a user up as the command does, and stays open until it is told to commit. */
async function openSignUp() {
  const client = new pg.Client(settings.postgres.url);
  await client.connect();
  const userId = `u-${randomUUID()}`;
  const eventId = randomUUID();
  const now = new Date().toISOString();
  const event = {
    specversion: '1.0',
    id: eventId,
    source: '/streamshop/postgres',
    type: 'user.signed_up',
    subject: userId,
    time: now,
    version: 1,
    actor: userId,
    data: { userId, name: 'Out of order', createdAt: now },
  };
  await client.query('BEGIN');
  await client.query(
    'INSERT INTO users (id, version, event_id, email, name, scopes, created_at) VALUES ($1, 1, $2, $3, $4, $5, $6)',
    [userId, eventId, `${userId}@streamshop.example`, event.data.name, [], now],
  );
  await client.query(
    `INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, actor_id) VALUES ($1, 'user_events', $2, $3, $4, $2)`,
    [eventId, userId, event.type, event],
  );
  const finish = async (how: 'COMMIT' | 'ROLLBACK') => {
    await client.query(how);
    await client.end();
  };
  return { eventId, finish };
}

const published = async (eventId: string) =>
  (await truth('SELECT 1 FROM event_position WHERE event_id = $1', [eventId])).length > 0;
const inLake = (eventIds: string[]) =>
  until('the lake has them', async () => {
    const ids = (await lakeEvents(settings, 'user_events')).map(({ id }) => id);
    return eventIds.every((id) => ids.includes(id));
  });

test('two transactions that commit out of order lose no event', async () => {
  const earlier = await openSignUp();
  const later = await openSignUp();
  await later.finish('COMMIT');
  // A relay that remembered the last number it saw would take the later one now, and never see the earlier.
  await withClient((client) => untilRelayHasLooked(client));
  await earlier.finish('COMMIT');
  await inLake([earlier.eventId, later.eventId]);
});

test('a transaction held open delays what began after it, and loses none', async () => {
  const user = await newUser();
  await untilApplied(user.eventId, user.token);
  const held = await openSignUp();
  const watch = await recordWatch(user.token, { movieId: 'm143' });
  const rows = await truth<{ id: string }>('SELECT id FROM outbox');
  expect(rows.map(({ id }) => id)).toContain(watch);

  // The relay polls and is notified all the while; it may not take the later one before the earlier is decided.
  await withClient((client) => untilRelayHasLooked(client));
  expect(await published(watch)).toBe(false);

  await held.finish('COMMIT');
  await untilApplied(watch, user.token);
  await inLake([held.eventId]);
});

test('a transaction that is rolled back holds nothing back for good', async () => {
  const user = await newUser();
  const held = await openSignUp();
  const watch = await recordWatch(user.token, { movieId: 'm143' });
  await held.finish('ROLLBACK');
  await untilApplied(watch, user.token);
  expect(await published(held.eventId)).toBe(false);
});
