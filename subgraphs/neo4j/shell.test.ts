import { driver as connect, type Driver, type QueryResult } from 'neo4j-driver';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { joinSources } from '../../fanout/source.ts';
import type { StoreCall } from '../../gateway/seam.ts';
import { callsDuring, endedCalls, openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import { neo4j } from './index.ts';
import { moviesOfFriends, peopleToFollow, watchedMovieIds } from './proposals.ts';
import { followers, following, friendsWhoWatched, likedByFriends, mutualFriends } from './queries.ts';
import { neo4jSink } from './sink.ts';
import {
  batchOf,
  blockChanged,
  followChanged,
  likeChanged,
  movieChanged,
  type OwnCorner,
  openCorner,
  profileChanged,
  signedUp,
  watched,
} from './testing.ts';

/** With all that Cypher could take for its own. */
const awkward = `it's "\\ \\u0027 \\\\u0027 $id \`x\` {a: 1}\n\u0001\u2028; 映画🎬`;

let corner: OwnCorner;
let room: TestRoom;
/** Keeps integers apart from floats. */
let driver: Driver;
const [name, film] = [() => corner.id(awkward), () => corner.id('m')];

const edges = () => {
  const [a, b, c, tag] = [name(), corner.id('b'), corner.id('c'), corner.id('t')];
  return [
    ...[followChanged([a, b], 1), followChanged([b, a], 1), followChanged([b, c], 1), followChanged([c, b], 1)],
    ...[watched([b, film()], 1), watched([b, corner.id('n')], 1), likeChanged([b, 'POST', corner.id('p')], 1)],
    ...[likeChanged([a, 'TAG', tag], 1), profileChanged(c, [tag])],
  ];
};

beforeAll(async () => {
  corner = await openCorner();
  room = await openTestRoom(neo4j);
  driver = connect(readSettings().neo4j.url);
  const people = [signedUp(name(), awkward), signedUp(corner.id('b'), 'Bob'), movieChanged(film(), 'Inception')];
  await neo4jSink(corner.store).apply(batchOf([...people, ...edges()]));
});
afterAll(async () => {
  await driver?.close();
  await room?.[Symbol.asyncDispose]();
  await corner?.[Symbol.asyncDispose]();
});

/** Does what cypher-shell does: lets the server read the values of `:param`, and runs the statement with them. */
async function paste({ statement, parameters, inShell }: StoreCall): Promise<QueryResult> {
  const pasted = inShell?.(statement, parameters) ?? '';
  const [first = '', ...rest] = pasted.split('\n');
  const [, values] = /^:param (.*)$/.exec(first) ?? [];
  const text = (values ? rest.join('\n') : pasted).replace(/;$/, '');
  const session = driver.session();
  const [known] = values ? (await session.run(`RETURN ${values} AS values`)).records : [];
  await session.close();
  return await corner.store.write(text, known?.get('values'));
}

const rowsOf = (result: unknown) => (result as QueryResult).records.map((record) => record.toObject());

test('what a page asks gives the same when it is pasted into cypher-shell', async () => {
  const viewer = { userId: 'analyst', scopes: ['analytics'] };
  const walk = `query ($id: ID!) { socialUser(id: $id) {
    id name following(limit: 3) { id name watched { title watchedBy { id } } } followers { id }
  } }`;
  const calls = await endedCalls(async () => {
    const hiddenIds = [`${awkward} nobody`];
    await following(corner.store, [
      { userId: name(), first: 2, hiddenIds },
      { userId: 'nobody', first: 1, hiddenIds },
    ]);
    await followers(corner.store, [{ userId: name(), first: 1, hiddenIds }]);
    const friends = { viewerId: name(), first: 2, hiddenIds };
    await friendsWhoWatched(corner.store, [{ ...friends, movieId: film() }]);
    await likedByFriends(corner.store, [{ ...friends, postId: corner.id('p') }]);
    await mutualFriends(corner.store, [{ ...friends, userId: corner.id('c') }]);
    await peopleToFollow(corner.store, [{ userId: name(), first: 2, hiddenIds }]);
    await moviesOfFriends(corner.store, [{ userId: name(), hiddenIds }]);
    await watchedMovieIds(corner.store, [corner.id('b')]);
    await room.execute(walk, { viewer, variables: { id: corner.id('b') } });
    await corner.store.ping();
  });
  expect(calls.length).toBeGreaterThanOrEqual(10);
  for (const call of calls) {
    const rows = rowsOf(call.result);
    expect(call.rowsOf?.(call.result)).toBe(rows.length);
    expect(rows).not.toEqual([]);
    expect(rowsOf(await paste(call))).toEqual(rows);
    expect(call.statement).not.toContain(corner.id(''));
  }
});

test('what a sink writes ends alike when it is pasted', async () => {
  const events = [
    signedUp(name(), `${awkward}2`, 2),
    movieChanged(film(), 'Inception', 2),
    followChanged([name(), corner.id('b')], 2),
    blockChanged([name(), corner.id('b')], 1),
    profileChanged(name(), [corner.id(awkward)]),
    watched([name(), film()], 1),
  ];
  const calls = await callsDuring(() => neo4jSink(corner.store).apply(batchOf(events)));
  const state = async () => [await corner.nodes(), await corner.relationships()];
  const written = await state();
  await corner.store.write(
    `MATCH (user:User) WHERE user.id ENDS WITH $own
OPTIONAL MATCH (user)-[edge]->()
DELETE edge SET user.name = null, user.version = null, user.profileVersion = null`,
    { own: corner.id('') },
  );
  await neo4jSink(corner.store).apply(batchOf([signedUp(corner.id('b'), 'Bob'), ...edges()]));
  for (const call of calls) await paste(call);
  expect(await state()).toEqual(written);
});

test('the compared source is read in statements that can be pasted', async () => {
  const [users] = (await endedCalls(() => neo4jSink(corner.store).verify(joinSources([])))).slice(-2);
  expect(rowsOf(await paste(users ?? expect.fail()))).toEqual(rowsOf(users?.result));
});
