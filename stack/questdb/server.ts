import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { installJars } from '../jars.ts';
import type { Server } from '../server.ts';
import { askSql } from '../sql.ts';
import { fill } from '../template.ts';

const here = (name: string) => join(import.meta.dirname, name);

/** QuestDB 9: the real server, from Maven Central. */
export const server: Server = {
  name: 'questdb',
  urlVariable: 'QUESTDB_URL',
  jdk: { atLeast: 17 },
  ports: ({ port }) => [port('questdb'), port('questdbHttp')],
  install: (place) => installJars('questdb', here('pom.xml'), place),

  async prepare({ data, port }) {
    // QuestDB does not make the folder that `-d` names.
    await mkdir(data, { recursive: true });
    const values = { pgPort: port('questdb'), httpPort: port('questdbHttp') };
    await fill(here('server.conf'), join(data, 'conf', 'server.conf'), values);
    await fill(here('log.conf'), join(data, 'conf', 'log.conf'), {});
  },

  command: ({ lib, data, java }) => ({
    program: java(),
    args: [
      // Tables are mapped into memory, outside of the heap: the system takes those pages back when others need them.
      ...['-Xms32m', '-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...['--add-exports', 'java.base/jdk.internal.math=io.questdb'],
      ...['-p', lib, '-m', 'io.questdb/io.questdb.ServerMain', '-d', data],
    ],
  }),

  ready: ({ questdb }) => askSql(questdb),

  readyWithinSeconds: 60,
  stop: { signal: 'SIGTERM', graceSeconds: 20 },
};
