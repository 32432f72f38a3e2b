import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { root, type Settings } from '../config.ts';
import { loadedAt } from '../seed/load.ts';

/** Where and when figures were taken. */
export interface Environment {
  measuredAt: string;
  cpu: string;
  cores: number;
  memoryGb: number;
  system: string;
  node: string;
  /** When the demo data was made. */
  dataOf: string;
  /** Of the packages that are compared. */
  versions: Record<string, string>;
}

const patienceMs = 180_000;
const waiting = [
  ...['REQUEST', 'SUBGRAPH', 'POSTGRES', 'MONGO', 'REDIS', 'KAFKA', 'CASSANDRA', 'CLICKHOUSE'],
  ...['NEO4J', 'ELASTICSEARCH', 'QDRANT', 'QUESTDB', 'S3'],
];

/** Timeouts of three minutes for this process and all that it starts: a slow page is to be measured and not given up. */
export function bePatient(env: NodeJS.ProcessEnv = process.env): void {
  for (const name of waiting) env[`${name}_TIMEOUT_MS`] = String(patienceMs);
}

/** @param peers the folder that the compared packages are installed in; null where they are not */
export function describeEnvironment(settings: Settings, peers: string | null): Environment {
  const versionOf = (folder: string, name: string): string =>
    JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;
  return {
    measuredAt: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${process.platform} ${release()}`,
    node: process.version,
    dataOf: loadedAt(settings).toISOString(),
    versions: {
      '@apollo/gateway': versionOf(root, '@apollo/gateway'),
      '@apollo/server': versionOf(root, '@apollo/server'),
      fastify: versionOf(root, 'fastify'),
      graphql: versionOf(root, 'graphql'),
      ...(peers && { '@graphql-hive/gateway': versionOf(peers, '@graphql-hive/gateway') }),
    },
  };
}
