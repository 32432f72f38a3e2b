import { expect, test } from 'vitest';
import { callsDuring } from '../../gateway/testing.ts';
import type { LikeKind, StreamEvent } from '../../schema/events/index.ts';
import { createRandom, type Random } from '../../seed/generate/random.ts';
import { neo4jSink } from './sink.ts';
import {
  at,
  batchOf,
  blockChanged,
  delivered,
  followChanged,
  likeChanged,
  movieChanged,
  type OwnCorner,
  openCorner,
  profileChanged,
  signedUp,
  watched,
} from './testing.ts';

const apply = (corner: OwnCorner, ...events: StreamEvent[]) => neo4jSink(corner.store).apply(batchOf(events));

test('what the events tell is in the graph', async () => {
  await using corner = await openCorner();
  const [a, b, m] = [corner.id('a'), corner.id('b'), corner.id('m')];
  await apply(corner, signedUp(a, 'Alice'), signedUp(b, 'Bob'), movieChanged(m, 'Inception'));
  await apply(corner, followChanged([a, b], 1), watched([b, m], 1));
  await apply(corner, likeChanged([a, 'MOVIE', m], 1), likeChanged([a, 'TAG', corner.id('tag')], 1));
  await apply(corner, likeChanged([b, 'POST', corner.id('p')], 1));
  expect(await corner.nodes()).toEqual([
    'Movie m "Inception" v1',
    'Post p',
    'Tag tag',
    'User a "Alice" v1',
    'User b "Bob" v1',
  ]);
  expect(await corner.relationships()).toEqual([
    ...['a FOLLOWS b v1', 'a LIKES m v1', 'a LIKES tag v1', 'b LIKES p v1', 'b WATCHED m 2026-01-01T00:00:01Z'],
  ]);
});

test('a follow may come before either user has signed up', async () => {
  await using corner = await openCorner();
  const [a, b] = [corner.id('a'), corner.id('b')];
  await apply(corner, followChanged([a, b], 1));
  expect(await corner.nodes()).toEqual(['User a', 'User b']);
  await apply(corner, signedUp(b, 'Bob'), signedUp(a, 'Alice'));
  expect(await corner.nodes()).toEqual(['User a "Alice" v1', 'User b "Bob" v1']);
  expect(await corner.relationships()).toEqual(['a FOLLOWS b v1']);
});

test('a follow and an unfollow in quick succession, in one batch or two, end in nothing to see', async () => {
  await using corner = await openCorner();
  const [a, b, c] = [corner.id('a'), corner.id('b'), corner.id('c')];
  await apply(corner, followChanged([a, b], 1), followChanged([a, b], 2), followChanged([a, c], 1));
  await apply(corner, followChanged([a, c], 2));
  expect(await corner.relationships()).toEqual(['a UNFOLLOWED b v2', 'a UNFOLLOWED c v2']);
});

test('an old follow that is redriven after the unfollow does not come back, a newer one does', async () => {
  await using corner = await openCorner();
  const edge = [corner.id('a'), corner.id('b')] as const;
  await apply(corner, followChanged(edge, 2));
  await apply(corner, followChanged(edge, 1));
  expect(await corner.relationships()).toEqual(['a UNFOLLOWED b v2']);
  await apply(corner, followChanged(edge, 3));
  await apply(corner, followChanged(edge, 2), followChanged(edge, 1));
  expect(await corner.relationships()).toEqual(['a FOLLOWS b v3']);
});

test('a profile tells all that somebody is interested in, and an older one changes nothing', async () => {
  await using corner = await openCorner();
  const [u, x, y] = [corner.id('u'), corner.id('x'), corner.id('y')];
  // A tag that stands twice is one interest, and what is liked stays beside it.
  await apply(corner, profileChanged(u, [x, y, x], 2), likeChanged([u, 'TAG', x], 1));
  await apply(corner, profileChanged(u, [y, corner.id('old')], 1));
  expect(await corner.relationships()).toEqual(['u INTERESTED_IN x', 'u INTERESTED_IN y', 'u LIKES x v1']);
  await apply(corner, profileChanged(u, [y], 3), profileChanged(u, [x], 2));
  expect(await corner.relationships()).toEqual(['u INTERESTED_IN y', 'u LIKES x v1']);
  await apply(corner, profileChanged(u, [], 4));
  await apply(corner, profileChanged(u, [y], 3));
  expect(await corner.relationships()).toEqual(['u LIKES x v1']);
  expect(await corner.nodes()).toContain('User u profile v4');
});

test('a block and its end, told in the wrong order, end in nothing to see', async () => {
  await using corner = await openCorner();
  const edge = [corner.id('a'), corner.id('b')] as const;
  await apply(corner, blockChanged(edge, 2));
  await apply(corner, blockChanged(edge, 1));
  expect(await corner.relationships()).toEqual(['a UNBLOCKED b v2']);
  await apply(corner, blockChanged(edge, 3));
  expect(await corner.relationships()).toEqual(['a BLOCKS b v3']);
});

test('an older version of a user or a movie changes nothing', async () => {
  await using corner = await openCorner();
  const [u, m] = [corner.id('u'), corner.id('m')];
  await apply(corner, signedUp(u, 'New', 2), movieChanged(m, 'New', 3));
  await apply(corner, signedUp(u, 'Old', 1), movieChanged(m, 'Old', 2));
  expect(await corner.nodes()).toEqual(['Movie m "New" v3', 'User u "New" v2']);
});

/** Some users who follow, block, like, watch and tell of themselves; everything in up to four versions. */
function story(corner: OwnCorner, prefix: string, random: Random): StreamEvent[] {
  const id = (name: string) => corner.id(`${prefix}${name}`);
  const [users, movies, tags] = [['a', 'b', 'c'].map(id), ['m', 'n'].map(id), ['x', 'y', 'z'].map(id)];
  const versions = (make: (version: number) => StreamEvent) =>
    Array.from({ length: random.int(1, 4) }, (_, index) => make(index + 1));
  const events = users.flatMap((user, index) => [
    ...versions((version) => signedUp(user, `name ${version}`, version)),
    ...versions((version) => profileChanged(user, random.shuffle(tags).slice(random.int(0, tags.length)), version)),
    ...users.flatMap((other) =>
      other === user
        ? []
        : [
            ...versions((version) => followChanged([user, other], version)),
            ...versions((version) => blockChanged([user, other], version)),
          ],
    ),
    ...(['POST', 'MOVIE', 'TAG'] as LikeKind[]).flatMap((kind) =>
      versions((version) => likeChanged([user, kind, kind === 'MOVIE' ? (movies[0] ?? '') : id(kind)], version)),
    ),
    // A watch that is recorded late does not turn the last time back.
    ...movies.flatMap((movie) =>
      versions((version) => watched([user, movie], version, at(Math.min(version, 2 + index)))),
    ),
  ]);
  return [
    ...events,
    ...movies.flatMap((movie) => versions((version) => movieChanged(movie, `title ${version}`, version))),
  ];
}

test('in any order, any number of times and in any batches, the end is the same', async () => {
  await using corner = await openCorner();
  const sink = neo4jSink(corner.store);
  for (let seed = 1; seed <= 8; seed += 1) {
    await sink.apply(batchOf(story(corner, `${seed}x`, createRandom(`${seed}`))));
    const random = createRandom(`${seed}`);
    for (const batch of delivered(story(corner, `${seed}y`, random), random)) await sink.apply(batchOf(batch));
    const lines = [...(await corner.nodes()), ...(await corner.relationships())];
    const of = (prefix: string) =>
      lines.filter((line) => line.includes(prefix)).map((line) => line.replaceAll(prefix, ''));
    expect(of(`${seed}y`), `seed ${seed}`).toEqual(of(`${seed}x`));
    expect(of(`${seed}x`).length).toBeGreaterThan(20);
  }
});

test('partitions that are applied side by side, and touch the same nodes, do not fail one another', async () => {
  await using corner = await openCorner();
  const sink = neo4jSink(corner.store);
  const users = Array.from({ length: 24 }, (_, index) => corner.id(`u${index}`));
  const movies = Array.from({ length: 6 }, (_, index) => corner.id(`m${index}`));
  const tags = Array.from({ length: 6 }, (_, index) => corner.id(`t${index}`));
  const pairs = users.flatMap((user) => users.filter((other) => other !== user).map((other) => [user, other] as const));
  // The same edges in many batches, each in its own order, versions and partitions mixed.
  const batches = Array.from({ length: 16 }, (_, seed) => {
    const { shuffle } = createRandom(`${seed}`);
    const version = 1 + (seed % 4);
    return [
      ...shuffle(pairs)
        .slice(0, 150)
        .map((pair) => followChanged(pair, version)),
      ...shuffle(pairs)
        .slice(0, 50)
        .map((pair) => blockChanged(pair, version)),
      ...shuffle(users).map((user) => profileChanged(user, shuffle(tags).slice(0, version), version)),
      ...shuffle(users).flatMap((user) => shuffle(movies).map((movie) => watched([user, movie], version))),
    ];
  });
  await Promise.all(batches.map((events) => sink.apply(batchOf(events))));
  const lines = await corner.relationships();
  // Every user's newest profile has four interests, each once.
  const interests = lines.filter((line) => line.includes(' INTERESTED_IN '));
  expect(interests).toHaveLength(users.length * 4);
  expect(new Set(interests).size).toBe(interests.length);
  const blocks = lines.filter((line) => / (UN)?BLOCK(S|ED) /.test(line));
  const blockSubjects = batches.flat().flatMap(({ type, subject }) => (type === 'block.changed' ? [subject] : []));
  expect(blocks).toHaveLength(new Set(blockSubjects).size);
  const follows = lines.filter((line) => / (UN)?FOLLOW(S|ED) /.test(line));
  const edges = follows.map((line) =>
    line
      .split(' ')
      .filter((_, index) => index !== 1 && index !== 3)
      .join(' '),
  );
  expect(new Set(edges).size).toBe(edges.length);
  const expected = new Map<string, number>();
  for (const { type, subject, version } of batches.flat()) {
    if (type === 'follow.changed') expected.set(subject, Math.max(version, expected.get(subject) ?? 0));
  }
  expect(follows).toHaveLength(expected.size);
  expect(follows.filter((line) => line.includes('UNFOLLOWED') !== /v[24]$/.test(line))).toEqual([]);
});

test('a full batch is one statement for each kind of thing in it', async () => {
  await using corner = await openCorner();
  const users = Array.from({ length: 100 }, (_, index) => corner.id(`u${index}`));
  const [hub = '', movie] = [users[0], corner.id('m')];
  const calls = await callsDuring(() =>
    apply(
      corner,
      ...users.slice(1).map((user) => followChanged([user, hub], 1)),
      ...users.map((user) => watched([user, movie], 1)),
    ),
  );
  expect(calls).toHaveLength(2);
  expect(await corner.relationships()).toHaveLength(199);
});

test('a poisonous event fails, and the others of its batch may be applied without it', async () => {
  await using corner = await openCorner();
  const [a, b] = [corner.id('a'), corner.id('b')];
  // Longer than an index takes a key.
  const poison = followChanged([a, `${'x'.repeat(40_000)}${b}`], 1);
  const good = followChanged([a, b], 1);
  await expect(apply(corner, poison, good)).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  await neo4jSink(corner.store).probe();
  await apply(corner, good);
  expect(await corner.relationships()).toEqual(['a FOLLOWS b v1']);
});
