import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '@elastic/elasticsearch';
import { installJars } from '../jars.ts';
import type { Server } from '../server.ts';
import { fill } from '../template.ts';
import { homeOf, layOutHome } from './home.ts';

const here = (name: string) => join(import.meta.dirname, name);

/** Elasticsearch 9: the real server jar from Maven Central, started inside a small launcher of ours. */
export const server: Server = {
  name: 'elasticsearch',
  urlVariable: 'ELASTICSEARCH_URL',
  jdk: { atLeast: 21, withCompiler: true },
  ports: ({ port }) => [port('elasticsearch'), port('elasticsearchTransport')],

  async install(place) {
    await installJars('elasticsearch', here('pom.xml'), place);
    await layOutHome(place);
  },

  async prepare({ data, folder, port }) {
    for (const name of [data, join(folder, 'tmp'), join(folder, 'config')]) await mkdir(name, { recursive: true });
    await fill(here('elasticsearch.yml'), join(folder, 'config', 'elasticsearch.yml'), {
      data,
      logs: join(folder, 'logs'),
      port: port('elasticsearch'),
      transportPort: port('elasticsearchTransport'),
    });
    await copyFile(here('log4j2.properties'), join(folder, 'config', 'log4j2.properties'));
  },

  command(place) {
    const { folder, java } = place;
    const home = homeOf(place);
    return {
      program: java(),
      args: [
        ...['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError'],
        // The launcher's own hook closes the node, which still has something to say then.
        ...['-Dlog4j.shutdownHookEnabled=false', '-Dlog4j2.disable.jmx=true', '-Des.distribution.type=tar'],
        ...['-Dio.netty.noUnsafe=true', '-Dio.netty.noKeySetOptimization=true'],
        '-Dio.netty.recycler.maxCapacityPerThread=0',
        `-Djava.io.tmpdir=${join(folder, 'tmp')}`,
        '--enable-native-access=ALL-UNNAMED,org.apache.lucene.core,org.elasticsearch.nativeaccess',
        '--add-modules=jdk.net,jdk.management.agent,ALL-MODULE-PATH',
        ...['--module-path', join(home, 'lib')],
        ...['-cp', join(home, 'launcher'), 'Launcher', home, join(folder, 'config')],
      ],
    };
  },

  async ready({ elasticsearch }) {
    const node = elasticsearch.url;
    const client = new Client({ node, maxRetries: 0, requestTimeout: elasticsearch.timeoutMs });
    try {
      // Yellow: every primary shard can be read and written. A lone node has no place for replicas, which green wants.
      const { timed_out } = await client.cluster.health({ wait_for_status: 'yellow', timeout: '1s' });
      if (timed_out) throw new Error('not all shards are there yet');
    } finally {
      await client.close();
    }
  },

  readyWithinSeconds: 120,
  // SIGTERM closes the shards, so that the next start has no translog to replay.
  stop: { signal: 'SIGTERM', graceSeconds: 30 },
};
