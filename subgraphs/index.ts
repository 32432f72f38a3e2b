import { portOf } from '../config.ts';
import type { Room } from '../gateway/room.ts';
import { cassandra } from './cassandra/index.ts';
import { clickhouse } from './clickhouse/index.ts';
import { elasticsearch } from './elasticsearch/index.ts';
import { entry } from './entry/index.ts';
import { kafka } from './kafka/index.ts';
import { mongo } from './mongo/index.ts';
import { neo4j } from './neo4j/index.ts';
import { postgres } from './postgres/index.ts';
import { qdrant } from './qdrant/index.ts';
import { questdb } from './questdb/index.ts';
import { ranking } from './ranking/index.ts';
import { redis } from './redis/index.ts';
import { s3 } from './s3/index.ts';

/** Every room of the graph. Adding a store is its folder and a line here. */
export const rooms: readonly Room[] = [
  ...[entry, postgres, mongo, redis, cassandra, clickhouse],
  ...[neo4j, elasticsearch, qdrant, questdb, s3, kafka, ranking],
];

/** The port on which `npm run subgraph -- NAME` listens. */
export const subgraphPort = (name: string): number =>
  portOf('subgraphs') + 1 + rooms.findIndex((room) => room.name === name);
