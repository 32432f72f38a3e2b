import type { mongo } from 'mongoose';
import type { ClientBase } from 'pg';
import { collections, documentsOf, type OutboxNote, placeFields } from '../subgraphs/mongo/outbox.ts';

/** How long events wait, as the source of truth itself tells. */
export interface OutboxAge {
  /** Of the event that has waited longest to be published; 0 when none waits. */
  oldestSeconds: number;
}

/** What holds Postgres' events back. */
export interface PostgresOutboxAge extends OutboxAge {
  /** Of the transaction that `pg_snapshot_xmin` stands at, and with it the relay; 0 when none has written yet. */
  writingTransactionSeconds: number;
}

/** More events than this may wait; then the oldest of those counts that an index finds first, however many come after them. */
const mostPerRead = 1_000;

/**
 * Every transaction with an id counts, whatever database it writes to; prepared ones have no backend any more. A role sees
 * when other roles' transactions began only with `pg_read_all_stats` (PostgreSQL manual, 27.2.3).
 */
export async function readPostgresOutboxAge(client: ClientBase): Promise<PostgresOutboxAge> {
  const { rows } = await client.query<{ oldest: number; writing: number }>(
    `SELECT
      (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 FROM (
        SELECT created_at FROM outbox ORDER BY seq LIMIT $1
      ) AS first) AS oldest,
      (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(began)), 0)::float8 FROM (
        SELECT xact_start AS began FROM pg_stat_activity WHERE backend_xid IS NOT NULL
        UNION ALL
        SELECT prepared FROM pg_prepared_xacts
      ) AS writing) AS writing`,
    [mostPerRead],
  );
  const [{ oldest, writing } = { oldest: 0, writing: 0 }] = rows;
  return { oldestSeconds: Math.max(0, oldest), writingTransactionSeconds: Math.max(0, writing) };
}

/** A note alone is not enough: its command may have died before it wrote the event. */
export async function readMongoOutboxAge(db: mongo.Db): Promise<OutboxAge> {
  const notes = await db
    .collection<OutboxNote>(collections.pending)
    .find({}, { projection: placeFields, sort: { _id: 1 }, limit: mostPerRead })
    .toArray();
  const now = Date.now();
  let oldestMs = 0;
  for (const [collection, ids] of documentsOf(notes)) {
    const [waiting] = await db
      .collection(collection)
      .aggregate<{ oldest: string | null }>([
        { $match: { _id: { $in: ids } } },
        { $unwind: '$outbox' },
        { $group: { _id: null, oldest: { $min: '$outbox.event.time' } } },
      ])
      .toArray();
    if (waiting?.oldest) oldestMs = Math.max(oldestMs, now - Date.parse(waiting.oldest));
  }
  return { oldestSeconds: oldestMs / 1_000 };
}
