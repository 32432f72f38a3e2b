import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientBase } from 'pg';
import type { Settings } from '../config.ts';
import { createBell } from './bell.ts';
import type { OutboxRow, OutboxSource, Placed } from './outbox.ts';

const positionsPerDelete = 1_000;

/** NOTIFY wakes the relay; it polls as well, because the end of a transaction without events rings no bell. */
const pollMs = { heldBack: 50, idle: 1_000, standingBy: 500 };

/** The table `outbox` of Postgres, whose columns are those of Debezium's outbox event router. */
export const postgresOutbox = (settings: Settings['postgres']): OutboxSource => ({
  name: 'postgres',
  async connect() {
    const { client, bell } = await connectClient(settings);
    let isLeading = false;
    return {
      async leads() {
        isLeading ||= await tryToLead(client);
        return isLeading;
      },
      async read(limit) {
        // Listened for before the read, so that no call in between is missed.
        bell.reset();
        return await readPublishable(client, limit);
      },
      recordPublished: (placed) => recordPublished(client, placed),
      forgetOldPositions: () => forgetOldPositions(client),
      async rest(signal) {
        const whileLeading = async () => ((await isEmpty(client)) ? pollMs.idle : pollMs.heldBack);
        const ms = isLeading ? await whileLeading() : pollMs.standingBy;
        await bell.heard(ms, signal);
      },
      [Symbol.asyncDispose]: () => hangUp(client),
    };
  },
});

async function connectClient({ url, timeoutMs }: Settings['postgres']) {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    // A server that hangs must not hang the relay.
    query_timeout: 4 * timeoutMs,
    keepAlive: true,
    application_name: 'streamshop-relay',
  });
  const bell = createBell();
  client.on('notification', bell.ring);
  client.on('error', bell.fail);
  client.on('end', () => bell.fail(new Error('the connection to Postgres ended')));
  try {
    await client.connect();
    await client.query('LISTEN outbox');
  } catch (error) {
    await hangUp(client);
    throw error;
  }
  return { client, bell };
}

/** Ends a connection, so that its locks are free at once; does not wait for a server that hangs. */
export async function hangUp(client: Client): Promise<void> {
  await Promise.race([client.end(), delay(500)]);
}

/**
 * Tries to become the one relay that works. The lock belongs to the session: it is gone with the connection, on which
 * everything is read and dropped, so a relay that lost its lock can drop nothing.
 */
async function tryToLead(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ leads: boolean }>(
    `SELECT pg_try_advisory_lock(hashtextextended('streamshop relay', 0)) AS leads`,
  );
  return rows[0]?.leads ?? false;
}

/**
 * The oldest rows that may be published, in order: only rows of transactions that began before every transaction that
 * still runs. So no row can yet appear before one that is given here, and what commits in another order than it was
 * numbered is neither skipped nor overtaken (PostgreSQL manual, 9.27.8: `pg_snapshot_xmin`, "all transaction IDs less
 * than xmin are either committed and visible, or rolled back and dead").
 */
async function readPublishable(client: ClientBase, limit: number): Promise<OutboxRow[]> {
  const { rows } = await client.query<OutboxRow>({
    name: 'read_publishable',
    text: `
      SELECT id, aggregatetype AS topic, aggregateid AS key, type, payload::text AS payload, actor_id AS "actorId"
      FROM outbox
      WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
      ORDER BY seq
      LIMIT $1`,
    values: [limit],
  });
  return rows;
}

/** How many rows wait, those that are held back included. */
export async function countPostgresOutbox(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ waiting: number }>('SELECT count(*)::int AS waiting FROM outbox');
  return rows[0]?.waiting ?? 0;
}

/** Whether no rows wait: none that a running transaction holds back, and none that came since the last read. */
async function isEmpty(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ is_empty: boolean }>('SELECT NOT EXISTS (SELECT FROM outbox) AS is_empty');
  return rows[0]?.is_empty ?? true;
}

/** Drops published rows and keeps their positions, in one statement and so in one transaction. */
async function recordPublished(client: ClientBase, placed: readonly Placed[]): Promise<void> {
  await client.query({
    name: 'record_published',
    text: `
      WITH placed AS (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::bigint[])
          AS t (event_id, type, actor_id, topic, partition, kafka_offset)
      ), dropped AS (
        DELETE FROM outbox USING placed WHERE outbox.id = placed.event_id
      )
      INSERT INTO event_position (event_id, type, actor_id, topic, partition, kafka_offset, published_at)
      SELECT event_id, type, actor_id, topic, partition, kafka_offset, now() FROM placed
      ON CONFLICT (event_id) DO NOTHING`,
    values: [
      placed.map(({ row }) => row.id),
      placed.map(({ row }) => row.type),
      placed.map(({ row }) => row.actorId),
      placed.map(({ row }) => row.topic),
      placed.map(({ partition }) => partition),
      placed.map(({ offset }) => String(offset)),
    ],
  });
}

/** A few at a time: while the statement runs, its transaction holds every later event back. */
async function forgetOldPositions(client: ClientBase): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'forget_old_positions',
    text: `
      DELETE FROM event_position WHERE event_id IN (
        SELECT event_id FROM event_position WHERE published_at < now() - interval '7 days' LIMIT $1
      )`,
    values: [positionsPerDelete],
  });
  return rowCount === positionsPerDelete;
}
