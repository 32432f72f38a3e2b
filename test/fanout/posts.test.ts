import { randomUUID } from 'node:crypto';
import { Client as Elasticsearch } from '@elastic/elasticsearch';
import { expect, test } from 'vitest';
import {
  addComment,
  ask,
  askWhole,
  createPost,
  like,
  newUser,
  recordPostView,
  settings,
  until,
  untilApplied,
} from '../harness.ts';
import { lakeEvents } from '../lake.ts';

const movieId = 'm147';
const postQuery = `query ($id: ID!) { post(id: $id) {
  title body tags createdAt editedAt viewCount likeCount
  author { id } movie { id title } attachments { type url title }
  engagementPerHour(last: 1) { views likes comments }
  comments(first: 10) { edges { node { id body author { id } } } } } }`;
const elasticsearch = new Elasticsearch({ node: settings.elasticsearch.url });

test('a post is on the movie’s page at once, and reaches every store that shows posts', async () => {
  const [author, reader] = [await newUser('An Author'), await newUser('A Reader')];
  const word = `zyx${randomUUID().replaceAll('-', '')}`;
  const attachments = [{ type: 'LINK', url: 'https://example.com/trailer', title: 'The trailer' }];
  const post = await createPost(author.token, { title: `About ${word}`, body: 'Body.', movieId, attachments });
  const { movie, user } = await askWhole(
    `query ($id: ID!) { movie(id: "${movieId}") { discussion(first: 1) { edges { node { id } } } }
      user(id: $id) { posts(first: 1) { edges { node { id } } } } }`,
    { variables: { id: author.id } },
  );
  expect(movie.discussion.edges).toEqual([{ node: { id: post.id } }]);
  expect(user.posts.edges).toEqual([{ node: { id: post.id } }]);

  const commented = await addComment(reader.token, post.id, 'Well said.');
  const liked = await like(reader.token, { kind: 'POST', targetId: post.id });
  await recordPostView(reader.token, post.id);
  await untilApplied(post.eventId, author.token);
  await untilApplied(commented, reader.token);
  await untilApplied(liked, reader.token);
  // A view has no event to wait for.
  const shown = await until('the view is counted', async () => {
    const { post: answer } = await askWhole(postQuery, { variables: { id: post.id } });
    return answer.viewCount === 1 && answer.engagementPerHour[0].views === 1 && answer;
  });
  expect(shown).toMatchObject({
    title: `About ${word}`,
    author: { id: author.id },
    movie: { id: movieId },
    attachments,
    editedAt: null,
    likeCount: 1,
    engagementPerHour: [{ views: 1, likes: 1, comments: 1 }],
    comments: { edges: [{ node: { body: 'Well said.', author: { id: reader.id } } }] },
  });
  expect(await found(word)).toEqual([post.id]);
  const activity = '{ me { activity(first: 5) { edges { node { kind post { id } } } } } }';
  expect((await askWhole(activity, { token: author.token })).me.activity.edges).toEqual([
    { node: { kind: 'POSTED', post: { id: post.id } } },
  ]);
  const inLake = await lakeEvents(settings, 'post_events');
  expect(inLake.filter(({ subject }) => subject === post.id).map(({ type }) => type)).toEqual(
    expect.arrayContaining(['post.changed', 'comment.added']),
  );
});

test('an edit shows everywhere, and only the author may edit or delete', async () => {
  const [author, other] = [await newUser(), await newUser()];
  const [before, after] = [`abc${randomUUID().replaceAll('-', '')}`, `def${randomUUID().replaceAll('-', '')}`];
  const post = await createPost(author.token, { title: before, movieId });
  const edit = (token: string) =>
    ask('mutation ($input: EditPostInput!) { editPost(input: $input) { post { title editedAt } event { id } } }', {
      token,
      variables: { input: { postId: post.id, title: after } },
    });
  const remove = (token: string) =>
    ask('mutation ($input: DeletePostInput!) { deletePost(input: $input) { event { id } } }', {
      token,
      variables: { input: { postId: post.id } },
    });
  for (const refused of [await edit(other.token), await remove(other.token)]) {
    expect(refused.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  }

  const edited = await edit(author.token);
  expect(edited.data.editPost.post).toEqual({ title: after, editedAt: expect.any(String) });
  await untilApplied(edited.data.editPost.event.id, author.token);
  expect(await found(before)).toEqual([]);
  expect(await found(after)).toEqual([post.id]);

  const removed = await remove(author.token);
  await untilApplied(removed.data.deletePost.event.id, author.token);
  expect(await found(after)).toEqual([]);
  const { data, errors } = await ask(postQuery, { variables: { id: post.id } });
  expect(data).toEqual({ post: null });
  expect(errors).toMatchObject([{ path: ['post'], extensions: { code: 'NOT_FOUND' } }]);
});

test('a repeated call with the same key is one post and one comment', async () => {
  const author = await newUser();
  const idempotencyKey = randomUUID();
  const create = () => createPost(author.token, { idempotencyKey, title: 'Once', movieId });
  const answers = await Promise.all([create(), create(), create()]);
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  expect(new Set(answers.map(({ eventId }) => eventId)).size).toBe(1);
  const { me } = await askWhole('{ me { posts(first: 10) { edges { node { id } } } } }', { token: author.token });
  expect(me.posts.edges).toHaveLength(1);
});

test('the event of a post answers from the moment of the mutation, to its actor only', async () => {
  const [author, stranger] = [await newUser(), await newUser()];
  const { eventId } = await createPost(author.token);
  const query = 'query ($id: ID!) { event(id: $id) { type topic sinks { name status } } }';
  const { event } = await askWhole(query, { token: author.token, variables: { id: eventId } });
  expect(event.type).toBe('post.changed');
  await untilApplied(eventId, author.token);
  const published = await askWhole(query, { token: author.token, variables: { id: eventId } });
  expect(published.event.topic).toBe('post_events');
  const theirs = await ask(query, { token: stranger.token, variables: { id: eventId } });
  expect(theirs.data).toEqual({ event: null });
  expect(theirs.errors).toMatchObject([{ path: ['event'], extensions: { code: 'NOT_FOUND' } }]);
});

/** Ids of the posts whose title holds a word, from Elasticsearch, past the project's own code. */
async function found(word: string): Promise<string[]> {
  const { hits } = await elasticsearch.search({ index: 'posts', query: { match: { title: word } } });
  return hits.hits.map(({ _id = '' }) => _id);
}
