import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { verify } from '../command.ts';
import { control } from '../control.ts';
import { derivedState } from '../derived.ts';
import {
  askWhole,
  createPost,
  follow,
  like,
  newUser,
  recordPostView,
  recordWatch,
  reportPlayback,
  settings,
  until,
  untilApplied,
} from '../harness.ts';
import { caughtUp } from '../replay.ts';

const phases = 4;
const watchesPerPhase = 500;
const callers = 16;

test('relay and sinks killed with -9 during 2,000 watches: every accepted one is in every store exactly once', {
  timeout: 180_000,
}, async () => {
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

test('follows, likes, reports and views made while the workers are killed with -9 are everywhere exactly once', {
  timeout: 180_000,
}, async () => {
  const people = await Promise.all(Array.from({ length: 12 }, () => newUser()));
  const { id: postId } = await createPost(people[0]?.token ?? '', { movieId: 'm131' });
  const movieId = `m-${randomUUID()}`;
  const last: [eventId: string, token: string][] = [];
  const live = async ({ id, token }: (typeof people)[number], index: number) => {
    for (const other of people.filter((person) => person.id !== id)) {
      await follow(token, other.id);
      if (index % 2 === 1) await follow(token, other.id, { mutation: 'unfollow' });
      const measuredAt = new Date(Date.now() - 1_000 * (last.length + 1)).toISOString();
      await reportPlayback(token, { movieId, measuredAt });
      await recordPostView(token, postId);
    }
    last.push([await like(token, { kind: 'POST', targetId: postId }), token]);
  };
  const living = Promise.all(people.map(live));
  for (let deaths = 0; deaths < 3; deaths += 1) {
    await control(settings, 'kill', 'workers');
    await control(settings, 'start', 'workers');
  }
  await living;
  for (const [eventId, token] of last) await untilApplied(eventId, token);
  await caughtUp();

  const { post } = await askWhole('query ($id: ID!) { post(id: $id) { likeCount viewCount } }', {
    variables: { id: postId },
  });
  expect(post).toEqual({ likeCount: people.length, viewCount: people.length * (people.length - 1) });
  for (const [index, { token }] of people.entries()) {
    const { me } = await askWhole('{ me { following(first: 100) { id } followers(first: 100) { id } } }', { token });
    expect(me.following).toHaveLength(index % 2 === 1 ? 0 : people.length - 1);
    const evenOnes = people.filter((_, other) => other % 2 === 0 && other !== index);
    expect(me.followers).toHaveLength(evenOnes.length);
  }
  await verify();
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
