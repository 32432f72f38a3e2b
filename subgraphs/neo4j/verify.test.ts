import { expect, test } from 'vitest';
import type { Source } from '../../fanout/sink.ts';
import { joinSources } from '../../fanout/source.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import { neo4jSink } from './sink.ts';
import {
  batchOf,
  blockChanged,
  followChanged,
  likeChanged,
  movieChanged,
  openCorner,
  profileChanged,
  signedUp,
  watched,
} from './testing.ts';
import { compare } from './verify.ts';

/** The sources of truth after these events, each the newest of its aggregate. */
function sourceOf(events: readonly StreamEvent[]): Source {
  const facts = (of: (event: StreamEvent) => object[]) =>
    async function* () {
      yield events.flatMap(of) as never[];
    };
  return joinSources([
    {
      aggregates: facts(({ type, subject, version, id }) => [{ type, id: subject, version, eventId: id }]),
      follows: facts(({ type, version, data, id }) =>
        type === 'follow.changed' ? [{ ...data, version, eventId: id }] : [],
      ),
      blocks: facts(({ type, version, data, id }) =>
        type === 'block.changed' ? [{ ...data, version, eventId: id }] : [],
      ),
      profiles: facts(({ type, version, data, id }) =>
        type === 'profile.changed' ? [{ ...data, version, eventId: id }] : [],
      ),
      likes: facts(({ type, version, data, id }) =>
        type === 'like.changed' ? [{ ...data, version, eventId: id }] : [],
      ),
      playbacks: facts(({ type, data }) =>
        type === 'watch.recorded' ? [{ ...data, lastWatchedAt: new Date(data.playback.lastWatchedAt) }] : [],
      ),
    },
  ]);
}

test('names what is missing, what is too much and what is wrong, and nothing else', async () => {
  await using corner = await openCorner();
  const { store } = corner;
  const [a, b, m] = [corner.id('a'), corner.id('b'), corner.id('m')];
  // The graph is shared: whatever other tests write differs from this source.
  const own = async (events: readonly StreamEvent[]) =>
    (await compare(store, sourceOf(events)))
      .map(({ what, expected, actual }) => `${what}: ${expected}, not ${actual}`.replaceAll(corner.id(''), '#'))
      .filter((line) => line.includes('#'))
      .sort();
  const right = [
    ...[signedUp(a, 'Alice'), signedUp(b, 'Bob'), movieChanged(m, 'Inception')],
    ...[followChanged([a, b], 1), followChanged([b, a], 2), watched([a, m], 1)],
    ...[
      likeChanged([a, 'MOVIE', m], 1),
      likeChanged([b, 'TAG', corner.id('t')], 2),
      likeChanged([b, 'POST', corner.id('p')], 1),
    ],
    ...[blockChanged([a, b], 1), blockChanged([b, a], 2)],
    // The order and repetitions of interests say nothing; and no interest is a fact as well.
    ...[profileChanged(a, [corner.id('y'), corner.id('x'), corner.id('y')]), profileChanged(b, [], 3)],
  ];
  await neo4jSink(store).apply(batchOf(right));
  expect(await own(right)).toEqual([]);

  // The source knows more than the graph, or something newer.
  expect(await own([...right, followChanged([a, corner.id('c')], 1), signedUp(corner.id('c'), 'Carol')])).toEqual([
    'follow a#/c#: present, version 1, not absent',
    'user c#: version 1, not absent',
  ]);
  expect(await own([...right.slice(1), signedUp(a, 'Alice', 2)])).toEqual(['user a#: version 2, not version 1']);

  expect(
    await own([...right.slice(0, -2), profileChanged(a, [corner.id('y'), corner.id('z')]), profileChanged(b, [], 4)]),
  ).toEqual([
    'interests a#: version 1: ["y#","z#"], not version 1: ["x#","y#"]',
    'interests b#: version 4: [], not version 3: []',
  ]);

  // The graph knows more than the source, or something else.
  expect(await own(right.slice(0, 3))).toEqual([
    'block a#/b#: absent, not present, version 1',
    'block b#/a#: absent, not ended, version 2',
    'follow a#/b#: absent, not present, version 1',
    'follow b#/a#: absent, not ended, version 2',
    'interests a#: absent, not version 1: ["x#","y#"]',
    'interests b#: absent, not version 3: []',
    'like a#/MOVIE/m#: absent, not present, version 1',
    'like b#/POST/p#: absent, not present, version 1',
    'like b#/TAG/t#: absent, not ended, version 2',
    'watched a#/m#: absent, not 2026-01-01T00:00:01.000Z',
  ]);
  await store.write('MATCH (:User {id: $b})-[edge:UNFOLLOWED]->(a) DELETE edge', { b });
  await store.write('MATCH (:User {id: $b})-[edge:UNBLOCKED]->(a) DELETE edge', { b });
  await store.write('MATCH (:User {id: $a})-[edge:INTERESTED_IN]->(:Tag {name: $x}) DELETE edge', {
    a,
    x: corner.id('x'),
  });
  await store.write(
    'MATCH (:User {id: $a})-[edge:WATCHED]->() SET edge.lastWatchedAt = datetime("2026-01-02T00:00:00Z")',
    { a },
  );
  expect(await own(right)).toEqual([
    'block b#/a#: ended, version 2, not absent',
    'follow b#/a#: ended, version 2, not absent',
    'interests a#: version 1: ["x#","y#"], not version 1: ["y#"]',
    'watched a#/m#: 2026-01-01T00:00:01.000Z, not 2026-01-02T00:00:00.000Z',
  ]);
});

test('reads more users than one page holds, and names fifty of a kind and counts the rest', async () => {
  await using corner = await openCorner();
  const users = Array.from({ length: 1_100 }, (_, index) => corner.id(`u${index}`));
  await neo4jSink(corner.store).apply(batchOf(users.map((user) => signedUp(user, 'User'))));
  const differences = await compare(corner.store, sourceOf([]));
  expect(differences.filter(({ what }) => what.endsWith(corner.id('').slice(1)))).toHaveLength(1_100);
  const told = await neo4jSink(corner.store).verify(sourceOf([]));
  const extra = told.filter(({ what, expected }) => what.startsWith('user ') && expected === 'absent');
  expect(extra).toHaveLength(51);
  expect(extra.at(-1)?.what).toMatch(/ and \d+ more like it$/);
});
