import pino from 'pino';
import { expect, test } from 'vitest';
import { startGateway } from '../../gateway/server.ts';
import { callsDuring } from '../../gateway/testing.ts';
import { rooms } from '../../subgraphs/index.ts';
import { alice, ask, login, settings } from '../harness.ts';

test('a page over 50 movies asks each store once', async () => {
  const logger = pino({ level: 'silent' });
  const here = { ...settings, gateway: { ...settings.gateway, port: 0 } };
  await using gateway = await startGateway({ settings: here, rooms, logger });
  const token = await login(alice);
  const query = `{ movies(first: 50) { edges { node {
    id title genres viewCount rank viewsLast24h posterUrl streamingUrl } } } }`;
  await ask(query, { url: gateway.url, token });

  const calls = await callsDuring(async () => {
    const { data, errors } = await ask(query, { url: gateway.url, token });
    expect(errors).toEqual([]);
    expect(data.movies.edges).toHaveLength(50);
  });
  // Whose page it is, is asked beforehand.
  const forPage = calls.filter(({ statement }) => !/session/i.test(statement));
  const perStore = Object.groupBy(forPage, ({ store }) => store);
  expect(Object.fromEntries(Object.entries(perStore).map(([store, calls]) => [store, calls?.length]))).toEqual({
    postgres: 1,
    redis: 1,
    clickhouse: 1,
    s3: 1,
  });
});
