import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'cassandra-driver';
import { installJars } from '../jars.ts';
import type { Server } from '../server.ts';
import { fill } from '../template.ts';

const here = (name: string) => join(import.meta.dirname, name);

/** Cassandra 5: the real server, from Maven Central. */
export const server: Server = {
  name: 'cassandra',
  urlVariable: 'CASSANDRA_CONTACT_POINT',
  // Measured: 5.0.9 does not start on 25, and 17 is the newest version that its documentation names.
  jdk: { exactly: 17 },
  ports: ({ port }) => [port('cassandra'), port('cassandraStorage')],
  install: (place) => installJars('cassandra', here('pom.xml'), place),

  async prepare({ data, folder, port }) {
    await mkdir(join(data, 'triggers'), { recursive: true });
    const values = { data, port: port('cassandra'), storagePort: port('cassandraStorage') };
    await fill(here('cassandra.yaml'), join(folder, 'cassandra.yaml'), values);
  },

  command: ({ lib, data, folder, java }) => ({
    program: java(),
    args: [
      ...[
        '-Xms64m',
        '-Xmx512m',
        '-Xss384k',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-XX:+ExitOnOutOfMemoryError',
      ],
      `@${here('jvm17.args')}`,
      `-Dcassandra.config=file://${join(folder, 'cassandra.yaml')}`,
      `-Dcassandra.storagedir=${data}`,
      `-Dcassandra.triggers_dir=${join(data, 'triggers')}`,
      `-Dlogback.configurationFile=file://${here('logback.xml')}`,
      '-Dcassandra-foreground=yes',
      ...aloneAndAtOnce,
      '-Djava.net.preferIPv4Stack=true',
      ...['-cp', join(lib, '*'), 'org.apache.cassandra.service.CassandraDaemon'],
    ],
  }),

  async ready({ cassandra }) {
    const client = new Client({
      contactPoints: [cassandra.contactPoint],
      localDataCenter: cassandra.datacenter,
      socketOptions: { connectTimeout: cassandra.timeoutMs, readTimeout: cassandra.timeoutMs },
    });
    try {
      await client.execute('SELECT release_version FROM system.local');
    } finally {
      await client.shutdown();
    }
  },

  readyWithinSeconds: 180,
  // SIGTERM drains: memtables are flushed, so the next start has no commit log to replay.
  stop: { signal: 'SIGTERM', graceSeconds: 45 },
};

/** A node without neighbours has nobody to wait for, and the size of a row needs no seven seconds of measuring. */
const aloneAndAtOnce = [
  '-Dcassandra.skip_wait_for_gossip_to_settle=0',
  '-Dcassandra.ring_delay_ms=0',
  '-Dcassandra.shutdown_announce_in_ms=0',
  '-Dcassandra.superuser_setup_delay_ms=0',
  '-Dcassandra.consistent.rangemovement=false',
  '-Dcassandra.memtable.row_overhead_size=180',
];
