import { afterEach, expect, test } from 'vitest';
import { HomepageDocument } from '../../schema/generated/graphql.ts';
import { control } from '../control.ts';
import { ask, createPost, follow, newUser, settings, until, untilApplied } from '../harness.ts';
import { mutate } from '../home.ts';

afterEach(() => control(settings, 'start', 'workers'));

test('an edge whose post is gone has a null post until the sink removes it, and the rest of the page is whole', async () => {
  const [author, reader] = [await newUser('Author'), await newUser('Reader')];
  await untilApplied(await follow(reader.token, author.id), reader.token);
  const [older, newer] = [await createPost(author.token), await createPost(author.token)];
  await untilApplied(older.eventId, author.token);
  await untilApplied(newer.eventId, author.token);
  const page = async () => {
    const { data, errors } = await ask(HomepageDocument, { token: reader.token, variables: {} });
    return { posts: data.me?.feed?.edges.map(({ post }) => post?.id ?? null), errors };
  };
  expect(await page()).toEqual({ posts: [newer.id, older.id], errors: [] });

  await control(settings, 'stopOne', 'workers');
  const deletion = await mutate(author.token, 'deletePost', { postId: newer.id });
  const { posts, errors } = await page();
  expect(posts).toEqual([null, older.id]);
  expect(errors).toMatchObject([{ path: ['me', 'feed', 'edges', 0, 'post'], extensions: { code: 'NOT_FOUND' } }]);

  await control(settings, 'start', 'workers');
  await untilApplied(deletion, author.token);
  await until('the edge is gone', async () => (await page()).posts?.length === 1);
  expect(await page()).toEqual({ posts: [older.id], errors: [] });
});
