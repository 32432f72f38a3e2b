import { expect, test } from 'vitest';
import { readSettings } from '../config.ts';
import { openProgress } from '../fanout/caught-up.ts';
import { until } from '../fanout/testing.ts';
import { serverNames } from '../stack/server.ts';
import { openProxy } from '../test/proxy.ts';
import { watchFanout } from './back-pressure.ts';

test('ends at once while Postgres hangs', async () => {
  const settings = readSettings();
  const url = new URL(settings.postgres.url);
  await using proxy = await openProxy({ host: url.hostname, port: Number(url.port) });
  url.host = proxy.address;
  const postgres = { url: url.href, poolSize: 1, timeoutMs: 30_000 };
  const without = new Set(serverNames().filter((name) => name !== 'postgres' && name !== 'kafka'));
  let looks = 0;
  const backPressure = watchFanout(
    async () => {
      const progress = await openProgress({ ...settings, postgres, without });
      return {
        ...progress,
        read: async () => {
          looks++;
          if (looks === 2) proxy.freeze();
          return await progress.read();
        },
      };
    },
    () => {},
  );
  await until('it looks at a server that hangs', () => looks === 2);
  const start = performance.now();
  await backPressure[Symbol.asyncDispose]();
  expect(performance.now() - start).toBeLessThan(1_000);
});
