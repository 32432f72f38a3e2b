import { Client } from 'pg';

/** Asks a server that speaks Postgres' wire protocol; throws until it answers. */
export async function askSql({ url, timeoutMs }: { url: string; timeoutMs: number }): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: timeoutMs });
  // What breaks is told by the query; a connection that breaks after it is of no interest here.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end();
  }
}
