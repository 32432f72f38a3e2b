import type { ClientBase } from 'pg';

/** A row of the outbox. Its columns are those of Debezium's outbox event router. */
export interface OutboxRow {
  seq: string;
  id: string;
  /** The Kafka topic. */
  aggregatetype: string;
  /** The message's key. */
  aggregateid: string;
  type: string;
  /** The whole CloudEvent, as JSON text. */
  payload: string;
  actor_id: string | null;
}

/** Where Kafka holds an event now. */
export interface Placed {
  row: OutboxRow;
  partition: number;
  offset: bigint;
}

/**
 * The oldest rows that may be published, in order: only rows of transactions that began before every transaction that
 * still runs. So no row can yet appear before one that is given here, and what commits in another order than it was
 * numbered is neither skipped nor overtaken (PostgreSQL manual, 9.27.8: `pg_snapshot_xmin`, "all transaction IDs less
 * than xmin are either committed and visible, or rolled back and dead").
 */
export async function readPublishable(client: ClientBase, limit: number): Promise<OutboxRow[]> {
  const { rows } = await client.query<OutboxRow>({
    name: 'read_publishable',
    text: `
      SELECT seq, id, aggregatetype, aggregateid, type, payload::text AS payload, actor_id
      FROM outbox
      WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
      ORDER BY seq
      LIMIT $1`,
    values: [limit],
  });
  return rows;
}

/** How many rows wait, those that are held back included. */
export async function countOutbox(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ waiting: number }>('SELECT count(*)::int AS waiting FROM outbox');
  return rows[0]?.waiting ?? 0;
}

/** Whether rows wait that a running transaction holds back, or that came since the last read. */
export async function isOutboxEmpty(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ is_empty: boolean }>('SELECT NOT EXISTS (SELECT FROM outbox) AS is_empty');
  return rows[0]?.is_empty ?? true;
}

/**
 * Drops published rows and keeps their positions, in one statement and so in one transaction. An event that a crash
 * made to be published twice keeps the position that was noted first.
 */
export async function recordPublished(client: ClientBase, placed: readonly Placed[]): Promise<void> {
  await client.query({
    name: 'record_published',
    text: `
      WITH placed AS (
        SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[])
          AS t (seq, event_id, type, actor_id, topic, partition, kafka_offset)
      ), dropped AS (
        DELETE FROM outbox USING placed WHERE outbox.seq = placed.seq
      )
      INSERT INTO event_position (event_id, type, actor_id, topic, partition, kafka_offset, published_at)
      SELECT event_id, type, actor_id, topic, partition, kafka_offset, now() FROM placed
      ON CONFLICT (event_id) DO NOTHING`,
    values: [
      placed.map(({ row }) => row.seq),
      placed.map(({ row }) => row.id),
      placed.map(({ row }) => row.type),
      placed.map(({ row }) => row.actor_id),
      placed.map(({ row }) => row.aggregatetype),
      placed.map(({ partition }) => partition),
      placed.map(({ offset }) => String(offset)),
    ],
  });
}

/** Removes positions that nobody can follow any more. */
export async function forgetOldPositions(client: ClientBase): Promise<void> {
  await client.query(`DELETE FROM event_position WHERE published_at < now() - interval '7 days'`);
}

/**
 * Tries to become the one relay that works. The lock belongs to the session: it is gone with the connection, on which
 * everything is read and dropped, so a relay that lost its lock can drop nothing.
 */
export async function tryToLead(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ leads: boolean }>(
    `SELECT pg_try_advisory_lock(hashtextextended('streamshop relay', 0)) AS leads`,
  );
  return rows[0]?.leads ?? false;
}
