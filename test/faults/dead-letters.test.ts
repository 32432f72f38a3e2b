import { createClient } from '@clickhouse/client';
import { afterEach, expect, test } from 'vitest';
import { run, verify } from '../command.ts';
import { askWhole, newUser, recordWatch, settings, sinkStates, until, untilApplied } from '../harness.ts';

/** A film that ClickHouse is made to refuse: rows of it are poison, while the table takes all others. */
const poison = 'm141';
const { url, database } = settings.clickhouse;
const clickhouse = createClient({ url, database });
const mend = () =>
  clickhouse.command({ query: 'ALTER TABLE movie_watch_events DROP CONSTRAINT IF EXISTS refuse_poison' });

afterEach(mend);

const deadLetters = async () => {
  const { fanout } = await askWhole('{ fanout { sinks { name deadLetters } } }');
  return fanout.sinks.find(({ name }: { name: string }) => name === 'clickhouse').deadLetters;
};

test('a poisonous event goes to the dead letters while its partition goes on, and redrive applies it', async () => {
  const user = await newUser();
  await clickhouse.command({
    query: `ALTER TABLE movie_watch_events ADD CONSTRAINT refuse_poison CHECK movie_id != '${poison}'`,
  });
  const views = async () => (await askWhole(`{ movie(id: "${poison}") { viewsLast24h viewCount } }`)).movie;
  const before = await views();

  const first = await recordWatch(user.token, { movieId: 'm142' });
  const poisoned = await recordWatch(user.token, { movieId: poison });
  const later = await recordWatch(user.token, { movieId: 'm142', action: 'STOP', positionSeconds: 60 });

  await until('the poison is a dead letter of ClickHouse', async () => {
    return (await sinkStates(poisoned, user.token)).clickhouse === 'DEAD';
  });
  // The same user, so the same partition: what comes before and after is applied.
  await untilApplied(first, user.token);
  await untilApplied(later, user.token);
  expect(await sinkStates(poisoned, user.token)).toEqual({
    cassandra: 'APPLIED',
    clickhouse: 'DEAD',
    elasticsearch: 'NOT_CONSUMED',
    neo4j: 'APPLIED',
    qdrant: 'APPLIED',
    questdb: 'NOT_CONSUMED',
    redis: 'APPLIED',
    s3: 'APPLIED',
  });
  expect(await deadLetters()).toBe(1);
  expect(await views()).toEqual({ viewsLast24h: before.viewsLast24h, viewCount: before.viewCount + 1 });
  await expect(verify()).rejects.toThrow(poisoned);

  const inVain = await run('fanout/cli.ts', 'redrive');
  expect(inVain.output).toContain(poisoned);
  expect(inVain.code).not.toBe(0);
  expect(await deadLetters()).toBe(1);

  await mend();
  const redriven = await run('fanout/cli.ts', 'redrive');
  expect(redriven).toMatchObject({ code: 0 });
  await until('nothing is dead any more', async () => (await deadLetters()) === 0);
  await untilApplied(poisoned, user.token);
  expect(await views()).toEqual({ viewsLast24h: before.viewsLast24h + 1, viewCount: before.viewCount + 1 });
  await verify();
});
