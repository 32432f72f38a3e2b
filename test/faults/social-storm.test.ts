import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createRandom, type Random } from '../../seed/generate/random.ts';
import { verify } from '../command.ts';
import { control } from '../control.ts';
import { ask, askWhole, newUser, recordPostView, settings, until, untilApplied } from '../harness.ts';
import { caughtUp } from '../replay.ts';
import { truth } from '../truth.ts';

type User = Awaited<ReturnType<typeof newUser>>;

const people = 20;
const postsPerPerson = 50;

/** Calls until it is accepted, as a client does whose connection broke: the same call with the same content. */
async function insist(
  token: string,
  mutation: string,
  input: object,
): Promise<{ post?: { id: string }; event: { id: string } | null }> {
  const type =
    { unfollow: 'FollowInput', unblock: 'BlockInput' }[mutation] ??
    `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const selection =
    mutation.endsWith('Post') && mutation !== 'deletePost' ? 'post { id } event { id }' : 'event { id }';
  const query = `mutation ($input: ${type}!) { answer: ${mutation}(input: $input) { ${selection} } }`;
  return await until(
    `${mutation} is accepted`,
    async () => {
      const { data, errors } = await ask(query, { token, variables: { input } });
      const code = errors[0]?.extensions?.code;
      // Blocked meanwhile; or deleted by the call before, whose answer was lost.
      if (code === 'FORBIDDEN' || (mutation === 'deletePost' && code === 'NOT_FOUND')) return { event: null };
      return data?.answer;
    },
    120_000,
  );
}

interface Life {
  others: readonly User[];
  /** What everybody has written up to now. */
  postIds: string[];
  /** Ends when one more may be written. */
  mayWrite(): Promise<unknown>;
  random: Random;
}

/**
 * What one of them does: posts, edits and deletes some, likes and opens what others wrote; after every fifth post, changes how
 * they stand to somebody. Gives their last event.
 */
async function live(user: User, { others, postIds, mayWrite, random }: Life): Promise<string> {
  const [following, blocked] = [new Set<string>(), new Set<string>()];
  let last = '';
  const call = async (mutation: string, input: object) => {
    const answer = await insist(user.token, mutation, input);
    if (answer.event) last = answer.event.id;
    return answer;
  };
  const changes = {
    async follow() {
      const { id } = random.pick(others);
      if ((await call('follow', { userId: id })).event) following.add(id);
    },
    async unfollow() {
      const id = random.pick([...following]);
      await call('unfollow', { userId: id });
      following.delete(id);
    },
    async block() {
      const id = random.pick(following.size > 0 ? [...following] : others.map((other) => other.id));
      await call('block', { userId: id });
      following.delete(id);
      blocked.add(id);
    },
    async unblock() {
      const id = random.pick([...blocked]);
      await call('unblock', { userId: id });
      blocked.delete(id);
    },
  };
  const changeSomething = async () => {
    if (blocked.size > 0 && random.chance(0.3)) return await changes.unblock();
    if (following.size > 2) return await (random.chance(0.3) ? changes.block : changes.unfollow)();
    return await changes.follow();
  };
  for (let n = 0; n < postsPerPerson; n += 1) {
    await mayWrite();
    const content = { title: `Post ${n}`, body: 'As written.', tags: ['storm'], idempotencyKey: randomUUID() };
    const postId = (await call('createPost', content)).post?.id as string;
    postIds.push(postId);
    if (random.chance(0.3)) await call('editPost', { postId, title: `Edited ${n}` });
    if (random.chance(0.2)) await call('deletePost', { postId });
    if (n % 5 === 4) await changeSomething();
    if (random.chance(0.2)) await call('like', { kind: 'POST', targetId: random.pick(postIds) });
    if (random.chance(0.2)) await recordPostView(user.token, random.pick(postIds)).catch(() => {});
  }
  return last;
}

const seed = randomUUID();
test(`1,000 posts and 200 follows, unfollows and blocks under kill -9 of workers and Cassandra end as the sources are (seed ${seed})`, {
  timeout: 600_000,
}, async () => {
  const users = await Promise.all(Array.from({ length: people }, (_, n) => newUser(`Person ${n}`)));
  const postIds: string[] = [];
  const all = people * postsPerPerson;
  const kills = [
    [0.1, 'workers'],
    [0.25, 'cassandra'],
    [0.5, 'workers'],
    [0.75, 'workers'],
  ] as const;
  // However fast the machine, much is still to be written when the next of them comes.
  let made = 0;
  const bound = () => ((kills[made]?.[0] ?? 1) + 0.1) * all;
  const mayWrite = () => until('the next kill is made', async () => postIds.length < bound(), 120_000);
  const storm = Promise.all(
    users.map((user, n) =>
      live(user, {
        others: users.filter((other) => other !== user),
        postIds,
        mayWrite,
        random: createRandom(`${seed} ${n}`),
      }),
    ),
  );
  // Cassandra takes a while to come back, in which everybody goes on.
  let cassandra = Promise.resolve();
  for (const [share, victim] of kills) {
    await until(`${share} of all posts are written`, async () => postIds.length >= share * all, 300_000);
    await control(settings, 'kill', victim);
    expect(postIds.length).toBeLessThan(all);
    made += 1;
    const back = control(settings, 'start', victim);
    if (victim === 'cassandra') cassandra = back;
    else await back;
  }
  await cassandra;
  for (const [n, eventId] of (await storm).entries()) await untilApplied(eventId, (users[n] as User).token);
  await caughtUp();
  await verify();

  const both = `SELECT 1 FROM follow JOIN block
    ON blocker_id IN (follower_id, followee_id) AND blocked_id IN (follower_id, followee_id) WHERE follows AND blocks`;
  expect(await truth(both)).toEqual([]);

  // What verify compares by ids in the stores, once more as the graph answers it.
  const written = new Map<string, Place[]>();
  for (const { id } of users) {
    const query = 'query ($id: ID!) { user(id: $id) { posts(first: 100) { edges { node { id createdAt } } } } }';
    const { user } = await askWhole(query, { variables: { id } });
    written.set(
      id,
      user.posts.edges.map(({ node }: { node: Place }) => node),
    );
  }
  for (const { id, token } of users) {
    const followed = await truth<{ id: string }>(
      'SELECT followee_id AS id FROM follow WHERE follower_id = $1 AND follows',
      [id],
    );
    const expected = followed.flatMap((author) => written.get(author.id) ?? []).sort(newestFirst);
    const { me } = await askWhole('{ me { feed(first: 100) { edges { post { id } } } } }', { token });
    const shown = me.feed.edges.map(({ post }: { post: { id: string } }) => post.id);
    expect(shown).toEqual(expected.slice(0, 100).map((post) => post.id));
  }
});

interface Place {
  id: string;
  createdAt: string;
}

const newestFirst = (a: Place, b: Place) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.id < b.id ? 1 : -1);
