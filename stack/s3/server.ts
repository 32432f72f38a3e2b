import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { installJars } from '../jars.ts';
import type { Server } from '../server.ts';
import { fill } from '../template.ts';

const here = (name: string) => join(import.meta.dirname, name);

/** S3Proxy: S3's interface (signatures, presigned URLs, Range, multipart) on a folder, from Maven Central. */
export const server: Server = {
  name: 's3',
  urlVariable: 'S3_ENDPOINT',
  jdk: { atLeast: 17 },
  ports: ({ port }) => [port('s3')],
  install: (place) => installJars('s3', here('pom.xml'), place),

  async prepare({ settings, data, folder, port }) {
    await mkdir(data, { recursive: true });
    const { accessKeyId, secretAccessKey } = settings.s3;
    await fill(here('s3proxy.conf'), join(folder, 's3proxy.conf'), {
      data,
      port: port('s3'),
      accessKeyId,
      secretAccessKey,
    });
  },

  command: ({ lib, folder, java }) => ({
    program: java(),
    args: [
      ...['-Xms32m', '-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      `-Dlogback.configurationFile=${here('logback.xml')}`,
      ...['-cp', join(lib, '*'), 'org.gaul.s3proxy.Main', '--properties', join(folder, 's3proxy.conf')],
    ],
  }),

  async ready({ s3 }) {
    const { endpoint, region, accessKeyId, secretAccessKey, timeoutMs } = s3;
    const client = new S3Client({
      endpoint,
      region,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
      maxAttempts: 1,
      requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs },
    });
    try {
      await client.send(new ListBucketsCommand());
    } finally {
      client.destroy();
    }
  },

  readyWithinSeconds: 60,
  stop: { signal: 'SIGTERM', graceSeconds: 10 },
};
