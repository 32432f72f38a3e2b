import type { Attributes } from '@opentelemetry/api';
import { ATTR_DB_NAMESPACE, ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '@opentelemetry/semantic-conventions';
import type { Settings } from '../config.ts';

/** Where each store's server is, as spans tell it; by the store's name. */
export function serversOf(settings: Settings): Map<string, Attributes> {
  const { postgres, redis, kafka, cassandra, clickhouse, s3, mongo, neo4j, elasticsearch, qdrant, questdb } = settings;
  const databaseOf = (url: string) => new URL(url).pathname.slice(1) || undefined;
  return new Map([
    ['postgres', at(postgres.url, databaseOf(postgres.url))],
    ['redis', at(redis.url)],
    ['kafka', at(`kafka://${kafka.brokers[0]}`)],
    ['cassandra', at(`cql://${cassandra.contactPoint}`, cassandra.keyspace)],
    ['clickhouse', at(clickhouse.url, clickhouse.database)],
    ['s3', at(s3.endpoint)],
    ['mongo', at(mongo.url, databaseOf(mongo.url))],
    ['neo4j', at(neo4j.url)],
    ['elasticsearch', at(elasticsearch.url)],
    ['qdrant', at(qdrant.url)],
    ['questdb', at(questdb.url, databaseOf(questdb.url))],
  ]);
}

function at(url: string, namespace?: string): Attributes {
  // A list of servers, as MongoDB takes it, is no URL: its first stands for all.
  const server = URL.parse(url.replace(/,[^/]*/, ''));
  return {
    [ATTR_SERVER_ADDRESS]: server?.hostname || undefined,
    [ATTR_SERVER_PORT]: Number(server?.port) || undefined,
    [ATTR_DB_NAMESPACE]: namespace,
  };
}
