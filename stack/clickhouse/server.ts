import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Server } from '../server.ts';

const here = (name: string) => join(import.meta.dirname, name);

/** ClickHouse: the real engine, from the npm package chdb, behind the HTTP front in http.ts. */
export const server: Server = {
  name: 'clickhouse',
  urlVariable: 'CLICKHOUSE_URL',
  ports: ({ port }) => [port('clickhouse')],

  async prepare({ data }) {
    await mkdir(data, { recursive: true });
  },

  command: ({ data, port }) => ({
    program: process.execPath,
    args: [here('http.ts'), data, String(port('clickhouse')), here('config.xml')],
    env: { TZ: 'UTC' },
  }),

  async ready({ clickhouse }) {
    const client = createClient({
      url: clickhouse.url,
      request_timeout: clickhouse.timeoutMs,
      // A refused query is the caller's to tell, not the client's to print.
      log: { level: ClickHouseLogLevel.OFF },
    });
    try {
      const rows = await client.query({ query: 'SELECT 1' });
      await rows.text();
    } finally {
      await client.close();
    }
  },

  readyWithinSeconds: 60,
  // The front finishes the running statement and closes the data folder.
  stop: { signal: 'SIGTERM', graceSeconds: 20 },
};
