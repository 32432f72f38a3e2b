import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { verify } from '../command.ts';
import { control } from '../control.ts';
import { derivedState } from '../derived.ts';
import {
  ask,
  newUser,
  recordWatch,
  recordWatchMutation,
  settings,
  until,
  untilApplied,
  watchInput,
} from '../harness.ts';
import { truth } from '../truth.ts';

const watches = 2_000;
const callers = 16;

test('relay and sinks killed with -9 during 2,000 watches: every accepted one is in every store exactly once', async () => {
  const user = await newUser();
  const accepted: string[] = [];
  let asked = 0;
  const caller = async () => {
    while (asked < watches) {
      asked += 1;
      const input = watchInput({ movieId: `m${110 + (asked % 10)}` });
      const { data } = await ask(recordWatchMutation, { token: user.token, variables: { input } });
      if (data?.recordWatch) accepted.push(data.recordWatch.event.id);
    }
  };
  const calling = Promise.all(Array.from({ length: callers }, caller));

  // A kill at every fifth of the way; between kills the supervisor brings the workers back.
  for (let nth = 1; nth <= 4; nth += 1) {
    while (asked < (watches * nth) / 5) await delay(5);
    await until('work is under way', async () => (await truth('SELECT FROM outbox LIMIT 1')).length > 0);
    await control(settings, 'kill', 'workers');
    await control(settings, 'start', 'workers');
  }
  await calling;
  expect(accepted).toHaveLength(watches);
  expect(new Set(accepted).size).toBe(watches);

  for (const eventId of accepted.slice(-callers)) await untilApplied(eventId, user.token);
  await verify();

  const { cassandra, lake } = await derivedState();
  const mine = cassandra.activity.filter((row) => row.includes(user.id));
  const inCassandra = mine.map((row) => JSON.parse(row).event_id as string);
  expect(inCassandra.sort()).toEqual([...accepted].sort());
  expect(lake.filter((id) => accepted.includes(id))).toHaveLength(watches);
});

test.for(['postgres', 'redis', 'kafka', 'cassandra', 'clickhouse', 's3'])(
  '%s killed with -9 comes back by itself, with all that it had acknowledged',
  async (server) => {
    const user = await newUser();
    const before = await recordWatch(user.token, { movieId: 'm131' });
    await untilApplied(before, user.token);
    await control(settings, 'kill', server);
    await control(settings, 'start', server);

    const after = await until('a watch is accepted', () => recordWatch(user.token, { movieId: 'm131' }));
    await untilApplied(after, user.token);
    await verify();
  },
);
