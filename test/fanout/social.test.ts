import neo4j from 'neo4j-driver';
import { expect, test } from 'vitest';
import { ask, askWhole, follow, like, newUser, recordWatch, settings, sinkStates, untilApplied } from '../harness.ts';
import { replay } from '../replay.ts';

const followingOf = async (token: string) => {
  const { me } = await askWhole('{ me { following(first: 100) { id } } }', { token });
  return me.following.map(({ id }: { id: string }) => id).sort();
};

test('a follow reaches the graph: following, followers, and friends who watched', async () => {
  const [her, friend] = [await newUser(), await newUser('A Friend')];
  await untilApplied(await recordWatch(friend.token, { movieId: 'm146' }), friend.token);
  const query = `{ movie(id: "m146") { friendsWhoWatched(first: 5) { id name } }
    me { following(first: 5) { id name } activity(first: 5) { edges { node { kind user { id } } } } } }`;
  expect((await askWhole(query, { token: her.token })).movie.friendsWhoWatched).toEqual([]);

  const followed = await follow(her.token, friend.id);
  const { data, errors } = await ask(query, { token: her.token, headers: { 'x-streamshop-after': followed } });
  expect(errors).toEqual([]);
  const theFriend = { id: friend.id, name: 'A Friend' };
  expect(data.movie.friendsWhoWatched).toEqual([theFriend]);
  expect(data.me.following).toEqual([theFriend]);
  expect(data.me.activity.edges).toEqual([{ node: { kind: 'FOLLOWED', user: { id: friend.id } } }]);
  const { me } = await askWhole('{ me { followers(first: 5) { id } } }', { token: friend.token });
  expect(me.followers).toEqual([{ id: her.id }]);

  const ended = await follow(her.token, friend.id, { mutation: 'unfollow' });
  await untilApplied(ended, her.token);
  expect((await askWhole(query, { token: her.token })).movie.friendsWhoWatched).toEqual([]);
});

test('follows and unfollows in quick succession end as the last one said, and a redriven old follow changes nothing', async () => {
  const her = await newUser();
  const others = await Promise.all(Array.from({ length: 5 }, () => newUser()));
  const last = await Promise.all(
    others.map(async ({ id }, index) => {
      const ids = [await follow(her.token, id), await follow(her.token, id, { mutation: 'unfollow' })];
      if (index % 2 === 0) ids.push(await follow(her.token, id));
      return ids;
    }),
  );
  for (const eventId of last.flat()) await untilApplied(eventId, her.token);
  const expected = others
    .filter((_, index) => index % 2 === 0)
    .map(({ id }) => id)
    .sort();
  expect(await followingOf(her.token)).toEqual(expected);

  // Every first follow comes once more, long after it was ended.
  await replay(
    'social_events',
    last.map(([first]) => first as string),
  );
  expect(await followingOf(her.token)).toEqual(expected);
});

test('a like of each kind is an edge of the graph, once, and taking it back removes it', async () => {
  const user = await newUser();
  const targets = [
    { kind: 'MOVIE', targetId: 'm146' },
    { kind: 'TAG', targetId: `tag ${user.id}` },
    { kind: 'POST', targetId: 'p999' },
  ] as const;
  for (const target of targets) {
    const liked = await like(user.token, target);
    expect(await like(user.token, target)).toBe(liked);
    await untilApplied(liked, user.token);
  }
  expect(await likesOf(user.id)).toEqual(['m146', 'p999', `tag ${user.id}`]);
  for (const target of targets) await untilApplied(await like(user.token, target, { mutation: 'unlike' }), user.token);
  expect(await likesOf(user.id)).toEqual([]);
});

test('a like of a post is counted once per user, whatever is repeated', async () => {
  const [one, another] = [await newUser(), await newUser()];
  const target = { kind: 'POST', targetId: 'p1001' } as const;
  const count = async () => (await askWhole('{ post(id: "p1001") { likeCount } }')).post.likeCount;
  const before = await count();
  const liked = [await like(one.token, target), await like(another.token, target)] as const;
  await untilApplied(liked[0], one.token);
  await untilApplied(liked[1], another.token);
  expect(await count()).toBe(before + 2);
  await untilApplied(await like(one.token, target, { mutation: 'unlike' }), one.token);
  expect(await count()).toBe(before + 1);
  await replay('social_events', [...liked]);
  expect(await count()).toBe(before + 1);
  expect(await sinkStates(liked[0], one.token)).toMatchObject({ redis: 'APPLIED', neo4j: 'APPLIED' });
});

test.for([
  ['oneself', (me: string) => me, 'BAD_USER_INPUT'],
  ['nobody', () => 'u-nobody', 'NOT_FOUND'],
  ['10 kB', () => 'x'.repeat(10_240), 'BAD_USER_INPUT'],
] as const)('following %s is refused with its path', async ([, target, code]) => {
  const user = await newUser();
  const { errors } = await ask('mutation ($input: FollowInput!) { follow(input: $input) { event { id } } }', {
    token: user.token,
    variables: { input: { userId: target(user.id) } },
  });
  expect(errors).toMatchObject([{ extensions: { code, argument: ['input', 'userId'] } }]);
});

/** What a user likes, read past the project's own code. */
async function likesOf(userId: string): Promise<string[]> {
  const driver = neo4j.driver(settings.neo4j.url);
  const { records } = await driver.executeQuery(
    'MATCH (:User {id: $userId})-[:LIKES]->(liked) RETURN coalesce(liked.id, liked.name) AS target ORDER BY target',
    { userId },
  );
  await driver.close();
  return records.map((record) => record.get('target'));
}
