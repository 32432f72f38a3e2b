import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callsDuring } from '../../gateway/testing.ts';
import { importComments, importPosts } from './commands.ts';
import { newId, openTestMongo, type TestMongo } from './testing.ts';

// Whom the viewer blocks is met in no list of posts or comments.

let room: TestMongo;
beforeAll(async () => {
  room = await openTestMongo();
});
afterAll(() => room[Symbol.asyncDispose]());

interface Connection {
  edges: { node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

const lists = (fields: string) =>
  `query ($of: [_Any!]!, $first: Int! = 20, $after: String) { _entities(representations: $of) { ${fields} } }`;
const connection = '{ edges { node { id } } pageInfo { hasNextPage endCursor } }';

const seenBy = (blocks: readonly string[]) => ({ userId: newId('u'), scopes: [], blocks });
type Viewer = ReturnType<typeof seenBy> | null;

/** One page of the same list of several entities. */
async function pages(
  of: { __typename: string; id: string }[],
  field: string,
  options: { viewer: Viewer; first?: number; after?: string | null },
) {
  const { viewer, ...variables } = options;
  const [{ __typename }] = of as [(typeof of)[0]];
  const query = lists(`... on ${__typename} { list: ${field}(first: $first, after: $after) ${connection} }`);
  const { data, errors } = await room.execute(query, { viewer, variables: { of, ...variables } });
  expect(errors).toBeUndefined();
  return (data as { _entities: { list: Connection }[] })._entities.map(({ list }) => list);
}

const idsOf = ({ edges }: Connection) => edges.map(({ node }) => node.id);

/** The ids of a list from end to end, in pages of 3, which are full but for the last. */
async function walk(__typename: string, id: string, { field, viewer }: { field: string; viewer: Viewer }) {
  const seen: string[] = [];
  for (let after: string | null = null; ; ) {
    const [page] = await pages([{ __typename, id }], field, { viewer, first: 3, after });
    const ids = idsOf(page as Connection);
    seen.push(...ids);
    if (!page?.pageInfo.hasNextPage) return seen;
    expect(ids).toHaveLength(3);
    after = page.pageInfo.endCursor;
  }
}

/** Posts about a movie by several authors in turn, newest first. */
async function writePosts(movieId: string, authors: readonly string[], count: number) {
  const posts = Array.from({ length: count }, (_, n) => ({
    ...{ id: newId('p'), authorId: authors[n % authors.length] as string, movieId, title: `Post ${n}`, body: 'Body.' },
    createdAt: new Date(1_767_000_000_000 - n * 1_000),
  }));
  await importPosts(room.store, posts);
  return posts;
}

describe('whom the viewer blocks', () => {
  test('writes nothing in a discussion, whose pages are full all the same; a visitor and others see all', async () => {
    const [movieId, blocked, other] = [newId('m'), newId('u'), newId('u')];
    const posts = await writePosts(movieId, [blocked, blocked, other], 21);
    const of = { field: 'discussion', viewer: seenBy([newId('u'), blocked]) };
    const shown = posts.filter(({ authorId }) => authorId === other).map(({ id }) => id);
    expect(await walk('Movie', movieId, of)).toEqual(shown);
    const all = posts.map(({ id }) => id);
    for (const viewer of [null, seenBy([]), seenBy([newId('u')])]) {
      expect(await walk('Movie', movieId, { ...of, viewer })).toEqual(all);
    }
  });

  test('is left out of 50 discussions in one call, each as if it had been asked for alone', async () => {
    const [blocked, other] = [newId('u'), newId('u')];
    const movies = Array.from({ length: 50 }, () => ({ __typename: 'Movie', id: newId('m') }));
    const written = await Promise.all(movies.map(({ id }) => writePosts(id, [blocked, other], 4)));
    const viewer = seenBy([blocked]);
    let together: Connection[] = [];
    const calls = await callsDuring(async () => {
      together = await pages(movies, 'discussion', { viewer, first: 2 });
    });
    expect(calls).toHaveLength(1);
    expect(together.map(idsOf)).toEqual(
      written.map((posts) => posts.filter(({ authorId }) => authorId === other).map(({ id }) => id)),
    );
    for (const n of [0, 33]) {
      expect(await pages(movies.slice(n, n + 1), 'discussion', { viewer, first: 2 })).toEqual([together[n]]);
    }
  });

  test('has no posts of their own, also beside those of others', async () => {
    const [blocked, other] = [newId('u'), newId('u')];
    const posts = await writePosts(newId('m'), [blocked, other], 8);
    const viewer = seenBy([blocked]);
    expect(await walk('User', blocked, { field: 'posts', viewer })).toEqual([]);
    expect(await walk('User', blocked, { field: 'posts', viewer: null })).toHaveLength(4);
    const users = [blocked, other].map((id) => ({ __typename: 'User', id }));
    const [nothing, all] = await pages(users, 'posts', { viewer });
    expect(idsOf(nothing as Connection)).toEqual([]);
    expect(idsOf(all as Connection)).toEqual(posts.filter(({ authorId }) => authorId === other).map(({ id }) => id));
  });

  test('has said nothing about a post, of one and of several', async () => {
    const [blocked, other] = [newId('u'), newId('u')];
    const posts = await writePosts(newId('m'), [other], 3);
    const comments = posts.flatMap(({ id: postId }) =>
      Array.from({ length: 12 }, (_, n) => ({
        ...{ id: newId('c'), postId, authorId: n % 3 === 0 ? other : blocked, body: `${n}` },
        createdAt: new Date(1_767_000_000_000 + n * 1_000),
      })),
    );
    await importComments(room.store, comments);
    const viewer = seenBy([blocked]);
    const shownOf = (of: string) =>
      comments.filter(({ postId, authorId }) => postId === of && authorId === other).map(({ id }) => id);
    const [first] = posts as [(typeof posts)[0]];
    expect(await walk('Post', first.id, { field: 'comments', viewer })).toEqual(shownOf(first.id));
    const of = posts.map(({ id }) => ({ __typename: 'Post', id }));
    const together = await pages(of, 'comments', { viewer, first: 5 });
    expect(together.map(idsOf)).toEqual(posts.map(({ id }) => shownOf(id)));
    expect(await walk('Post', first.id, { field: 'comments', viewer: null })).toHaveLength(12);
  });
});

test('a thousand blocks are no more calls', async () => {
  const [movieId, other] = [newId('m'), newId('u')];
  await writePosts(movieId, [other], 2);
  const viewer = seenBy(Array.from({ length: 1_000 }, () => newId('u')));
  const calls = await callsDuring(async () => {
    const [page] = await pages([{ __typename: 'Movie', id: movieId }], 'discussion', { viewer });
    expect(page?.edges).toHaveLength(2);
  });
  expect(calls).toHaveLength(1);
});
