import { exec } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import type { StoreCall } from '../../gateway/seam.ts';
import { callsDuring, endedCalls } from '../../gateway/testing.ts';
import { playbackQuality } from './queries.ts';
import { reportOf, storedEventIds, writeReports } from './reports.ts';
import { questdbSink } from './sink.ts';
import { batchOf, type OwnCorner, openCorner, report } from './testing.ts';
import { types } from './types.ts';

const awkward = `it's "\\ $1 \${x} ';\n-- ' é🎬`;
let corner: OwnCorner;
let psql: Client;

beforeAll(async () => {
  corner = await openCorner();
  psql = new Client({ connectionString: readSettings().questdb.url, types });
  await psql.connect();
});
afterAll(async () => {
  await psql?.end();
  await corner?.[Symbol.asyncDispose]();
});

const shellTextOf = ({ statement, parameters, inShell }: StoreCall) => inShell?.(statement, parameters) ?? '';

test('what a page asks gives the same when it is pasted into psql', async () => {
  const [one, other] = [corner.movie(), `${corner.movie()}${awkward}`];
  const reports = [one, other].map((movieId) => report({ movieId }));
  await questdbSink(corner.store).apply(batchOf(reports));
  await corner.store.refreshed(corner.store.tables.hourly);
  const spans = [60, 7 * 24 * 60].flatMap((lastMinutes) => [one, other].map((id) => ({ id, lastMinutes })));
  const calls = await endedCalls(async () => {
    await playbackQuality(corner.store, spans);
    await storedEventIds(corner.store, reports.map(reportOf));
    await corner.store.ping();
  });
  expect(calls).toHaveLength(4);
  for (const call of calls) {
    expect(call.result).not.toEqual([]);
    // psql sends what is typed as it is: a simple query.
    expect((await psql.query(shellTextOf(call))).rows).toEqual(call.result);
  }
});

test('rows that are pasted into a Unix shell are written', async () => {
  const movieId = `${corner.movie()}${awkward}`;
  const [call] = await endedCalls(() => writeReports(corner.store, [reportOf(report({ movieId, bufferingCount: 3 }))]));
  await corner.store.applied(corner.store.tables.metrics);
  const { metrics } = corner.store.tables;
  const read = () => corner.store.select(`SELECT * FROM ${metrics} WHERE movie_id = $1`, [movieId]);
  const before = await read();
  expect(before).toHaveLength(1);
  await psql.query(`TRUNCATE TABLE ${metrics}`);
  await promisify(exec)(shellTextOf(call ?? expect.fail()));
  await corner.store.applied(metrics);
  expect(await read()).toEqual(before);
});

test('a statement tells no value, and is one for any number of movies', async () => {
  const statements = async (...ids: string[]) =>
    (
      await callsDuring(() =>
        playbackQuality(
          corner.store,
          ids.map((id) => ({ id, lastMinutes: 60 })),
        ),
      )
    ).map(({ statement }) => statement);
  const [one = ''] = await statements(awkward);
  expect(one).toContain('WHERE movie_id IN ($2, …) AND time >= $1');
  expect(await statements('m1', 'm2', 'm3')).toEqual([one]);
});
