import { expect, test } from 'vitest';
import { digest } from './tracing-statement.ts';

const summaries: [store: string, statement: string, summary: string, collection?: string][] = [
  ['postgres', 'SELECT id, title FROM movies WHERE id = ANY($1)', 'SELECT movies', 'movies'],
  ['postgres', 'INSERT INTO "public"."user_watch" (id) VALUES ($1)', 'INSERT public.user_watch', 'public.user_watch'],
  ['postgres', 'SELECT * FROM movies m JOIN ratings r ON r.movie_id = m.id', 'SELECT movies ratings'],
  ['postgres', 'SELECT version FROM playback WHERE id = $1 FOR UPDATE', 'SELECT playback', 'playback'],
  ['postgres', 'SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE', 'SELECT users', 'users'],
  [
    'postgres',
    'INSERT INTO seen (id) SELECT id FROM unnest($1::text[]) ON CONFLICT (id) DO UPDATE SET id = $1',
    'INSERT seen SELECT',
    'seen',
  ],
  ['postgres', "SELECT 'DELETE FROM users' AS text -- FROM nowhere\nFROM posts", 'SELECT posts', 'posts'],
  [
    'postgres',
    'BEGIN;\nUPDATE users SET name = $1;\nINSERT INTO outbox (id) VALUES ($2);\nCOMMIT;',
    'UPDATE users INSERT outbox',
  ],
  ['postgres', 'BEGIN; -- recordWatch', 'BEGIN'],
  ['cassandra', 'DELETE FROM streamshop.feed WHERE user_id = ?', 'DELETE streamshop.feed', 'streamshop.feed'],
  ['clickhouse', 'SELECT count() FROM watches WHERE movie_id IN {ids:Array(String)}', 'SELECT watches', 'watches'],
  ['clickhouse', 'CREATE TABLE IF NOT EXISTS watches (id UUID)', 'CREATE TABLE watches', 'watches'],
  ['questdb', 'SELECT avg(kbps) FROM playback_metrics SAMPLE BY 1m', 'SELECT playback_metrics', 'playback_metrics'],
  [
    'neo4j',
    'UNWIND $ids AS id MATCH (:User {id: $me})-[:FOLLOWS]->(u:User) RETURN u.name',
    'UNWIND MATCH User FOLLOWS User',
  ],
];

test.for(summaries)('%s: %s', ([store, statement, summary, collection]) => {
  expect(digest(store, statement)).toEqual({ summary, collection });
});

const operations: [store: string, statement: string, operation: string, collection?: string][] = [
  ['redis', 'MGET $1 $2', 'MGET'],
  ['mongo', 'db.posts.find({ _id: { $in: $1 } })', 'find', 'posts'],
  ['elasticsearch', 'POST /movies/_search\n{ "query": {} }', 'POST /movies/_search'],
  ['elasticsearch', 'GET /_cat/indices?v', 'GET /_cat/indices'],
  [
    'qdrant',
    'POST /collections/movies/points/query/batch { "searches": [] }',
    'POST /collections/movies/points/query/batch',
  ],
  ['questdb', 'POST /write -- playback_metrics', 'POST /write'],
  ['s3', 'aws s3api head-object --bucket $1 --key $2', 'head-object'],
  ['kafka', 'kafka-console-producer.sh --topic playback_metrics --property parse.key=true', 'send', 'playback_metrics'],
  ['kafka', 'kafka-consumer-groups.sh --describe --all-groups', 'kafka-consumer-groups.sh'],
];

test.for(operations)('%s: %s', ([store, statement, operation, collection]) => {
  expect(digest(store, statement)).toEqual({ operation, collection });
});

test('a summary is bounded, and ends with a whole word', () => {
  const { summary = '' } = digest(
    'postgres',
    Array.from({ length: 200 }, (_, i) => `SELECT 1 FROM table_${i}`).join(';'),
  );
  expect(summary.length).toBeLessThanOrEqual(255);
  expect(summary).toMatch(/ table_\d+$| SELECT$/);
});

test.for(['', ' ', '…', '((((', 'SELECT', "'"])(
  'a statement that is none is digested all the same: %j',
  (statement) => {
    for (const store of ['postgres', 'neo4j', 'mongo', 'redis', 'qdrant', 's3', 'kafka', 'another']) {
      expect(() => digest(store, statement)).not.toThrow();
    }
  },
);
