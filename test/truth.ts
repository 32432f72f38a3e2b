import pg from 'pg';
import { settings } from './harness.ts';

/** Runs `work` with a connection to the source of truth, past the graph. */
export async function withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(settings.postgres.url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Reads the source of truth: what an answer is compared with. */
export const truth = <Row extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<Row[]> =>
  withClient(async (client) => (await client.query<Row>(sql, parameters)).rows);

/** Views of every movie since a time, from the source of truth. */
export async function viewsSince(since: Date): Promise<Map<string, number>> {
  const rows = await truth<{ movie_id: string; views: string }>(
    `SELECT movie_id, count(*) AS views FROM user_watch WHERE action = 'PLAY' AND watched_at >= $1 GROUP BY movie_id`,
    [since],
  );
  return new Map(rows.map(({ movie_id, views }) => [movie_id, Number(views)]));
}
