import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { verify } from '../command.ts';
import { control } from '../control.ts';
import { ask, askWhole, newUser, settings, until, untilApplied } from '../harness.ts';

const movieId = 'm148';
const rounds = 6;
const postsPerRound = 12;

const mutations = {
  createPost: 'mutation ($input: CreatePostInput!) { createPost(input: $input) { post { id } event { id } } }',
  editPost: 'mutation ($input: EditPostInput!) { editPost(input: $input) { post { id } event { id } } }',
  deletePost: 'mutation ($input: DeletePostInput!) { deletePost(input: $input) { event { id } } }',
};

/** Calls until it is accepted, as a client does whose connection broke: the same call with the same content. */
async function insist(mutation: keyof typeof mutations, token: string, input: object) {
  return await until(`${mutation} is accepted`, async () => {
    const { data, errors } = await ask(mutations[mutation], { token, variables: { input } });
    // The call before, whose answer was lost, may have deleted it already.
    if (mutation === 'deletePost' && errors[0]?.extensions?.code === 'NOT_FOUND') return { event: null };
    return data?.[mutation];
  });
}

test('posts created, edited and deleted while gateway and relay are killed end right everywhere', {
  timeout: 300_000,
}, async () => {
  const author = await newUser();
  const expected = new Map<string, string | null>();
  const eventIds: string[] = [];
  const live = async (index: number) => {
    const created = await insist('createPost', author.token, {
      title: `Post ${index}`,
      body: 'First version.',
      movieId,
      idempotencyKey: randomUUID(),
    });
    const postId = created.post.id;
    const edited = await insist('editPost', author.token, { postId, title: `Edited ${index}` });
    expected.set(postId, `Edited ${index}`);
    eventIds.push(created.event.id, edited.event.id);
    if (index % 3 !== 0) return;
    const deleted = await insist('deletePost', author.token, { postId });
    expected.set(postId, null);
    if (deleted.event) eventIds.push(deleted.event.id);
  };

  for (let round = 0; round < rounds; round += 1) {
    const writing = Promise.all(Array.from({ length: postsPerRound }, (_, i) => live(round * postsPerRound + i)));
    const before = eventIds.length;
    await until('some are written', async () => eventIds.length > before + 4);
    const killed = round % 2 === 0 ? 'gateway' : 'workers';
    await control(settings, 'kill', killed);
    await Promise.all([writing, control(settings, 'start', killed)]);
  }
  expect(expected.size).toBe(rounds * postsPerRound);
  for (const eventId of eventIds) await untilApplied(eventId, author.token);

  const titles = new Map<string, string | null>();
  for (const postId of expected.keys()) {
    const { data } = await ask('query ($id: ID!) { post(id: $id) { title } }', { variables: { id: postId } });
    titles.set(postId, data.post?.title ?? null);
  }
  expect(titles).toEqual(expected);
  const { me } = await askWhole('{ me { posts(first: 100) { edges { node { id } } } } }', { token: author.token });
  const alive = [...expected].filter(([, title]) => title !== null).map(([id]) => id);
  expect(new Set(me.posts.edges.map(({ node }: { node: { id: string } }) => node.id))).toEqual(new Set(alive));
  await verify();
});
