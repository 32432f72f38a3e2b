import pino from 'pino';
import { expect, test } from 'vitest';
import { startGateway } from '../../gateway/server.ts';
import { callsDuring } from '../../gateway/testing.ts';
import { rooms } from '../../subgraphs/index.ts';
import { alice, ask, login, settings } from '../harness.ts';
import { startGatewayOverHttp } from '../over-http.ts';

const logger = pino({ level: 'silent' });
const here = { ...settings, gateway: { ...settings.gateway, port: 0 } };
const transports = {
  'in process': () => startGateway({ settings: here, rooms, logger }),
  'over HTTP': () => startGatewayOverHttp(logger),
};

test.for(['in process', 'over HTTP'] as const)('a page over 50 movies asks each store once, %s', async (transport) => {
  await using gateway = await transports[transport]();
  const token = await login(alice);
  const query = `{ movies(first: 50) { edges { node {
    id title genres viewCount rank viewsLast24h posterUrl streamingUrl
    discussion(first: 2) { edges { node { title likeCount } } } friendsWhoWatched { name }
    related { title } similar { movie { title } } playbackQuality { averageBitrateKbps } } } } }`;
  await ask(query, { url: gateway.url, token });

  const calls = await callsDuring(async () => {
    const { data, errors } = await ask(query, { url: gateway.url, token });
    expect(errors).toEqual([]);
    expect(data.movies.edges).toHaveLength(50);
  });
  // Whose page it is, is asked beforehand.
  const forPage = calls.filter(({ statement }) => !/session/i.test(statement));
  const perStore = new Map(
    Map.groupBy(forPage, ({ store }) => store)
      .entries()
      .map(([store, { length }]) => [store, length]),
  );
  const { postgres, redis, ...others } = Object.fromEntries(perStore);
  const once = { clickhouse: 1, s3: 1, mongo: 1, neo4j: 1, elasticsearch: 1, qdrant: 1, questdb: 1 };
  expect(others).toEqual(once);
  // The list itself; then, as each becomes known, titles of what is related, of what is similar, and the friends' names.
  expect(postgres).toBeLessThanOrEqual(4);
  // The movies' counters, and those of their posts.
  expect(redis).toBeLessThanOrEqual(2);
});
