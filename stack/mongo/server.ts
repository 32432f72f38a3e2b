import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { installJars } from '../jars.ts';
import type { Server } from '../server.ts';

const here = (name: string) => join(import.meta.dirname, name);

/** mongo-java-server: MongoDB's wire protocol and a part of its commands on H2, from Maven Central. */
export const server: Server = {
  name: 'mongo',
  urlVariable: 'MONGO_URL',
  // The launcher is run from its source, which takes the compiler.
  jdk: { atLeast: 17, withCompiler: true },
  ports: ({ port }) => [port('mongo')],

  install: (place) => installJars('mongo', here('pom.xml'), place),

  async prepare({ data }) {
    await mkdir(data, { recursive: true });
  },

  command: ({ lib, data, port, java }) => ({
    program: java(),
    args: [
      ...['-Xms16m', '-Xmx96m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError'],
      ...['-Dorg.slf4j.simpleLogger.showDateTime=true', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'],
      // Logs a stack trace for every client that is killed, and a line for every index that it does not use.
      '-Dorg.slf4j.simpleLogger.log.de.bwaldvogel.mongo.wire.MongoExceptionHandler=off',
      '-Dorg.slf4j.simpleLogger.log.de.bwaldvogel.mongo.backend.AbstractMongoDatabase=error',
      ...['-cp', join(lib, '*'), here('MongoServerOnH2.java'), String(port('mongo')), join(data, 'mongo.mv')],
    ],
  }),

  async ready({ mongo: { url, timeoutMs } }) {
    const client = new mongoose.mongo.MongoClient(url, { serverSelectionTimeoutMS: timeoutMs });
    try {
      await client
        .db()
        .collection('posts')
        .findOne({ _id: 'none' } as object);
    } finally {
      await client.close();
    }
  },

  readyWithinSeconds: 60,
  stop: { signal: 'SIGTERM', graceSeconds: 10 },
};
