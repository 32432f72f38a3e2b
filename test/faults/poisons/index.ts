import { cassandraPoison } from './cassandra.ts';
import { elasticsearchPoison } from './elasticsearch.ts';
import { neo4jPoison } from './neo4j.ts';
import type { Poison, User } from './poison.ts';
import { qdrantPoison } from './qdrant.ts';
import { questdbPoison } from './questdb.ts';
import { redisPoison } from './redis.ts';
import { s3Poison } from './s3.ts';

/** By sink. ClickHouse, with a constraint, is in `dead-letters.test.ts`. */
export const poisons: Readonly<Record<string, (user: User) => Poison | Promise<Poison>>> = {
  redis: redisPoison,
  cassandra: cassandraPoison,
  neo4j: neo4jPoison,
  elasticsearch: elasticsearchPoison,
  qdrant: qdrantPoison,
  questdb: questdbPoison,
  s3: s3Poison,
};
