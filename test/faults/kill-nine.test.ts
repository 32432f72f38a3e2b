import { expect, test } from 'vitest';
import { verify } from '../command.ts';
import { control } from '../control.ts';
import { derivedState } from '../derived.ts';
import { createPost, newUser, recordWatch, settings, until, untilApplied } from '../harness.ts';

const phases = 4;
const watchesPerPhase = 500;
const callers = 16;

test('relay and sinks killed with -9 during 2,000 watches: every accepted one is in every store exactly once', async () => {
  const user = await newUser();
  const accepted: string[] = [];
  const recordMany = async (count: number) => {
    let left = count;
    const caller = async () => {
      while (left > 0) {
        left -= 1;
        accepted.push(await recordWatch(user.token, { movieId: `m${110 + (left % 10)}` }));
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
  };

  // In the middle of each phase, while watches keep coming, the workers die; the supervisor brings them back.
  for (let phase = 0; phase < phases; phase += 1) {
    const recording = recordMany(watchesPerPhase);
    const middle = (phase + 0.5) * watchesPerPhase;
    await until('the phase is half way', async () => accepted.length >= middle);
    await control(settings, 'kill', 'workers');
    expect(accepted.length).toBeLessThan((phase + 1) * watchesPerPhase);
    await Promise.all([recording, control(settings, 'start', 'workers')]);
  }
  const watches = phases * watchesPerPhase;
  expect(new Set(accepted).size).toBe(watches);

  for (const eventId of accepted.slice(-callers)) await untilApplied(eventId, user.token);
  await verify();

  const { cassandra, lake } = await derivedState();
  const mine = cassandra.activity.filter((row) => row.includes(user.id));
  const inCassandra = mine.map((row) => JSON.parse(row).event_id as string);
  expect(inCassandra.sort()).toEqual([...accepted].sort());
  expect(lake.filter((id) => accepted.includes(id))).toHaveLength(watches);
});

const servers = [
  ...['postgres', 'redis', 'kafka', 'cassandra', 'clickhouse', 's3'],
  ...['mongo', 'neo4j', 'elasticsearch', 'qdrant', 'questdb'],
];

test.for(servers)('%s killed with -9 comes back by itself, with all that it had acknowledged', async (server) => {
  const user = await newUser();
  const write = async () => [
    await recordWatch(user.token, { movieId: 'm131' }),
    (await createPost(user.token, { movieId: 'm131' })).eventId,
  ];
  for (const eventId of await write()) await untilApplied(eventId, user.token);
  await control(settings, 'kill', server);
  await control(settings, 'start', server);

  for (const eventId of await until('a watch and a post are accepted', write)) {
    await untilApplied(eventId, user.token);
  }
  await verify();
});
