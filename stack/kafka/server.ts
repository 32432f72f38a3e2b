import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kafkaClient } from '../../fanout/kafka.ts';
import { reasonOf, StackError } from '../errors.ts';
import { installJars } from '../jars.ts';
import type { Place, Server } from '../server.ts';
import { fill } from '../template.ts';

const run = promisify(execFile);
const here = (name: string) => join(import.meta.dirname, name);

/** Kafka 4 in KRaft mode: the real broker and controller in one JVM, from Maven Central. */
export const server: Server = {
  name: 'kafka',
  urlVariable: 'KAFKA_BROKERS',
  jdk: { atLeast: 17 },
  ports: ({ port }) => [port('kafka'), port('kafkaController')],
  install: (place) => installJars('kafka', here('pom.xml'), place),

  async prepare(place) {
    const { data, folder, port } = place;
    await mkdir(data, { recursive: true });
    const values = { data, port: port('kafka'), controllerPort: port('kafkaController') };
    await fill(here('server.properties'), join(folder, 'server.properties'), values);
    if (!existsSync(join(data, 'meta.properties'))) await format(place);
  },

  command: (place) => ({
    program: place.java(),
    // The serial collector and the quick compiler halve the start and the memory of a lightly loaded JVM.
    args: [
      '-Xms64m',
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      ...jvmArgs(place),
      'kafka.Kafka',
      properties(place),
    ],
  }),

  async ready({ kafka }) {
    const admin = kafkaClient({ settings: kafka, retries: 0 }).admin();
    try {
      await admin.connect();
      await admin.describeCluster();
      // Answered by the group's coordinator, which is there a moment later than the broker's metadata.
      await admin.describeGroups(['stack-readiness']);
    } finally {
      await admin.disconnect();
    }
  },

  readyWithinSeconds: 120,
  stop: { signal: 'SIGTERM', graceSeconds: 30 },
};

const properties = ({ folder }: Place) => join(folder, 'server.properties');

const jvmArgs = ({ lib }: Place) => [`-Dlog4j2.configurationFile=${here('log4j2.properties')}`, '-cp', join(lib, '*')];

/** Gives the log folder its cluster id, without which a KRaft node does not start. */
async function format(place: Place): Promise<void> {
  // One argument with its option: an id may begin with a dash, and stand for an option itself.
  const clusterId = `--cluster-id=${randomBytes(16).toString('base64url')}`;
  const tool = ['kafka.tools.StorageTool', 'format', clusterId, '--config', properties(place)];
  try {
    await run(place.java(), ['-Xmx64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...jvmArgs(place), ...tool]);
  } catch (error) {
    throw new StackError('START_FAILED', `kafka could not format ${place.data}: ${reasonOf(error)}`);
  }
}
