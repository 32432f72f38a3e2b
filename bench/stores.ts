import type { OpenedRooms } from '../gateway/open.ts';
import type { Viewer } from '../gateway/request.ts';
import { sessionKeyOf } from '../gateway/sessions.ts';
import type { CassandraStore } from '../subgraphs/cassandra/store.ts';
import type { ClickHouseStore } from '../subgraphs/clickhouse/store.ts';
import type { ElasticsearchStore } from '../subgraphs/elasticsearch/store.ts';
import type { KafkaStore } from '../subgraphs/kafka/store.ts';
import type { MongoStore } from '../subgraphs/mongo/store.ts';
import type { Neo4jStore } from '../subgraphs/neo4j/store.ts';
import type { PostgresStore } from '../subgraphs/postgres/store.ts';
import type { QdrantStore } from '../subgraphs/qdrant/store.ts';
import type { QuestDbStore } from '../subgraphs/questdb/store.ts';
import { redisSessions } from '../subgraphs/redis/sessions.ts';
import type { RedisStore } from '../subgraphs/redis/store.ts';
import type { S3Store } from '../subgraphs/s3/store.ts';

/** The very stores that a gateway would use: the same clients, with pools and connections made in the same way. */
export function storesOf(rooms: OpenedRooms) {
  const storeOf = <Store>(name: string) => {
    const store = rooms.get(name)?.store;
    if (!store) throw new Error(`${name} is switched off, and the benchmark needs every store`);
    return store as Store;
  };
  const redis = storeOf<RedisStore>('redis');
  return {
    redis,
    sessions: redisSessions(redis),
    postgres: storeOf<PostgresStore>('postgres'),
    mongo: storeOf<MongoStore>('mongo'),
    cassandra: storeOf<CassandraStore>('cassandra'),
    clickhouse: storeOf<ClickHouseStore>('clickhouse'),
    neo4j: storeOf<Neo4jStore>('neo4j'),
    elasticsearch: storeOf<ElasticsearchStore>('elasticsearch'),
    qdrant: storeOf<QdrantStore>('qdrant'),
    questdb: storeOf<QuestDbStore>('questdb'),
    s3: storeOf<S3Store>('s3'),
    kafka: storeOf<KafkaStore>('kafka'),
  };
}

export type Stores = ReturnType<typeof storesOf>;

/**
 * Who asks, as the session says.
 * @throws Error when there is none
 */
export async function viewerOf({ sessions }: Stores, token = ''): Promise<Viewer> {
  const viewer = await sessions.find(sessionKeyOf(token));
  if (!viewer) throw new Error('the session has expired');
  return viewer;
}
