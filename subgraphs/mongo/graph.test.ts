import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callsDuring, openTestRoom } from '../../gateway/testing.ts';
import { addComment, createPost, deletePost, importComments, importPosts } from './commands.ts';
import { mongo } from './index.ts';
import { comment, newId, openTestMongo, post, type TestMongo } from './testing.ts';

let room: TestMongo;
beforeAll(async () => {
  room = await openTestMongo();
});
afterAll(() => room[Symbol.asyncDispose]());

const viewer = (userId: string) => ({ userId, scopes: [] });
const codes = (errors: readonly { path?: readonly PropertyKey[]; extensions?: object }[] | undefined) =>
  Object.fromEntries(
    (errors ?? []).map(({ path, extensions }) => [path?.join('.'), (extensions as { code: string }).code]),
  );
const entities = (fields: string) => `query ($of: [_Any!]!) { _entities(representations: $of) { ${fields} } }`;
const lists = (fields: string) =>
  `query ($of: [_Any!]!, $first: Int! = 20, $after: String) { _entities(representations: $of) { ${fields} } }`;
const of = (typename: string, ids: readonly string[]) => ({ of: ids.map((id) => ({ __typename: typename, id })) });

/** Posts about movies of the test's own, a second apart, and some in the same second. */
async function writePosts(movieIds: readonly string[], each: number, authorId = newId('u')): Promise<string[]> {
  const posts = Array.from({ length: each }, (_, n) =>
    movieIds.map((movieId) => ({
      ...{ id: newId('p'), authorId, movieId, title: `Post ${n}`, body: 'Body.', tags: ['a'] },
      createdAt: new Date(1_767_000_000_000 + Math.floor(n / 2) * 1_000),
    })),
  ).flat();
  await importPosts(room.store, posts);
  return posts.map(({ id }) => id);
}

interface Connection {
  edges: { cursor: string; node: Record<string, unknown> & { id: string } }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

const connection = '{ edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }';

/** The ids of a connection from end to end, in pages of 3. */
async function walk(typename: string, id: string, field: string): Promise<string[]> {
  const query = lists(`... on ${typename} { list: ${field}(first: $first, after: $after) ${connection} }`);
  const seen: string[] = [];
  for (let after: string | null = null; ; ) {
    const { data, errors } = await room.execute(query, { variables: { ...of(typename, [id]), first: 3, after } });
    expect(errors).toBeUndefined();
    const { edges, pageInfo } = (data as { _entities: [{ list: Connection }] })._entities[0].list;
    expect(pageInfo).toMatchObject({
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    });
    seen.push(...edges.map(({ node }) => node.id));
    if (!pageInfo.hasNextPage) return seen;
    after = pageInfo.endCursor;
  }
}

describe('Post', () => {
  const fields = `... on Post { id title body attachments { type url title } tags author { id } movie { id } createdAt
    editedAt comments(first: 2) { edges { node { id body author { id } post { id title } } } } }`;

  test('50 posts with every field and their comments are two calls', async () => {
    const ids = await writePosts([newId('m')], 50);
    await importComments(
      room.store,
      ids.map((postId) => ({ id: newId('c'), postId, authorId: 'u1', body: 'Hm.', createdAt: new Date() })),
    );
    const calls = await callsDuring(async () => {
      const { data, errors } = await room.execute(entities(fields), { variables: of('Post', ids) });
      expect(errors).toBeUndefined();
      const posts = data?._entities as { id: string; comments: Connection }[];
      expect(posts.map(({ id }) => id)).toEqual(ids);
      for (const each of posts) {
        expect(each.comments.edges).toMatchObject([{ node: { body: 'Hm.', post: { id: each.id } } }]);
      }
    });
    expect(calls.map(({ store }) => store)).toEqual(['mongo', 'mongo']);
  });

  test('an unknown post and a deleted one are NOT_FOUND at each field, and spoil no other', async () => {
    const authorId = newId('u');
    const [{ post: known }, { post: gone }] = [
      await createPost(room.store, post(authorId)),
      await createPost(room.store, post(authorId)),
    ];
    await addComment(room.store, comment('u1', gone.id));
    await deletePost(room.store, { authorId, postId: gone.id });
    const { data, errors } = await room.execute(
      entities('... on Post { title author { id } comments { edges { node { id } } } }'),
      { variables: of('Post', ['no-such-post', gone.id, known.id]) },
    );
    const nothing = { title: null, author: null, comments: null };
    const there = { title: 'A title', author: { id: authorId }, comments: { edges: [] } };
    expect(data?._entities).toEqual([nothing, nothing, there]);
    expect(codes(errors)).toEqual(
      Object.fromEntries(
        [0, 1].flatMap((n) => ['title', 'author', 'comments'].map((name) => [`_entities.${n}.${name}`, 'NOT_FOUND'])),
      ),
    );
  });

  test('comments page from end to end, oldest first', async () => {
    const [postId] = (await writePosts([newId('m')], 1)) as [string];
    const comments = Array.from({ length: 8 }, (_, n) => ({
      ...{ id: newId('c'), postId, authorId: 'u1', body: `${n}` },
      createdAt: new Date(1_767_000_000_000 + Math.floor(n / 2) * 1_000),
    }));
    await importComments(room.store, comments);
    const expected = [...comments].sort((a, b) => +a.createdAt - +b.createdAt || (a.id < b.id ? -1 : 1));
    expect(await walk('Post', postId, 'comments')).toEqual(expected.map(({ id }) => id));
  });

  test('of several posts are one call, each as if it had been asked for alone', async () => {
    const postIds = await writePosts([newId('m')], 12);
    const comments = postIds.flatMap((postId, n) =>
      Array.from({ length: n }, (_, second) => ({
        ...{
          id: newId('c'),
          postId,
          authorId: 'u1',
          body: 'Hm.',
          createdAt: new Date(1_767_000_000_000 + second * 1_000),
        },
      })),
    );
    await importComments(room.store, comments);
    const query = lists(`... on Post { id comments(first: $first, after: $after) ${connection} }`);
    const ask = async (ids: readonly string[], after: string | null) => {
      const { data, errors } = await room.execute(query, { variables: { ...of('Post', ids), first: 3, after } });
      expect(errors).toBeUndefined();
      return data?._entities as { comments: Connection }[];
    };
    let together: { comments: Connection }[] = [];
    const calls = await callsDuring(async () => {
      together = await ask(postIds, null);
    });
    // That the posts are there, and their comments.
    expect(calls).toHaveLength(2);
    expect(together.map(({ comments }) => comments.edges.length)).toEqual([0, 1, 2, ...Array(9).fill(3)]);
    for (const n of [0, 2, 11]) expect(await ask([postIds[n] as string], null)).toEqual([together[n]]);
    const after = together[11]?.comments.pageInfo.endCursor ?? null;
    const second = await ask(postIds, after);
    expect(await ask([postIds[7] as string], after)).toEqual([second[7]]);
  });
});

describe('lists of posts', () => {
  test('Movie.discussion and User.posts page from end to end, newest first, without deleted ones', async () => {
    const [movieId, authorId] = [newId('m'), newId('u')];
    const ids = await writePosts([movieId], 9, authorId);
    await deletePost(room.store, { authorId, postId: ids[8] as string });
    const stored = await room.posts.find({ _id: { $in: ids }, isDeleted: false }).toArray();
    const newest = stored.sort((a, b) => +b.createdAt - +a.createdAt || (a._id < b._id ? 1 : -1)).map(({ _id }) => _id);
    expect(newest).toHaveLength(8);
    expect(await walk('Movie', movieId, 'discussion')).toEqual(newest);
    expect(await walk('User', authorId, 'posts')).toEqual(newest);
  });

  test('50 movies’ discussions are one call, each as if it had been asked for alone', async () => {
    const movieIds = Array.from({ length: 50 }, () => newId('m'));
    await writePosts(movieIds, 5);
    const query = lists(`... on Movie { id discussion(first: $first, after: $after) ${connection} }`);
    let together: unknown[] = [];
    const calls = await callsDuring(async () => {
      const { data, errors } = await room.execute(query, { variables: { ...of('Movie', movieIds), first: 3 } });
      expect(errors).toBeUndefined();
      together = data?._entities as unknown[];
    });
    expect(calls).toHaveLength(1);
    for (const n of [0, 17, 49]) {
      const alone = await room.execute(query, { variables: { ...of('Movie', [movieIds[n] as string]), first: 3 } });
      expect(alone.data?._entities).toEqual([together[n]]);
    }
    const [{ discussion }] = together as [{ discussion: Connection }];
    expect(discussion.edges).toHaveLength(3);
    expect(discussion.pageInfo.hasNextPage).toBe(true);

    // The second page of all: behind the same place.
    const after = discussion.pageInfo.endCursor;
    const all = await room.execute(query, { variables: { ...of('Movie', movieIds), first: 3, after } });
    const alone = await room.execute(query, {
      variables: { ...of('Movie', movieIds.slice(7, 8)), first: 3, after },
    });
    expect(alone.data?._entities).toEqual((all.data?._entities as unknown[] | undefined)?.slice(7, 8));
    expect(all.errors).toBeUndefined();
  });

  test('posts of a list come whole, without another call; what nobody wrote about is empty', async () => {
    const movieId = newId('m');
    await writePosts([movieId], 3);
    const query = entities('... on Movie { discussion { edges { node { title body tags author { id } } } } }');
    const calls = await callsDuring(async () => {
      const { data, errors } = await room.execute(query, { variables: of('Movie', [movieId, newId('m')]) });
      expect(errors).toBeUndefined();
      const { _entities } = data as { _entities: { discussion: Connection }[] };
      expect(_entities.map(({ discussion }) => discussion.edges.length)).toEqual([3, 0]);
    });
    expect(calls).toHaveLength(1);
  });

  test.each([
    ['first', { first: 0 }],
    ['first', { first: 101 }],
    ['after', { after: 'no cursor' }],
    ['after', { after: Buffer.from('1 $ne').toString('base64url') }],
  ])('refuses a wrong %s, without asking MongoDB', async (name, variables) => {
    const calls = await callsDuring(async () => {
      for (const [type, field] of [
        ['Movie', 'discussion'],
        ['User', 'posts'],
      ] as const) {
        const query = lists(`... on ${type} { ${field}(first: $first, after: $after) { edges { cursor } } }`);
        const { errors } = await room.execute(query, { variables: { ...of(type, ['x']), ...variables } });
        expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: [name] });
      }
    });
    expect(calls).toEqual([]);
  });
});

describe('mutations', () => {
  const create = `mutation ($input: CreatePostInput!) { createPost(input: $input) {
    post { id title body attachments { type url title } tags author { id } movie { id } createdAt editedAt } event { id } } }`;

  test('a post’s life', async () => {
    const userId = newId('u');
    const as = viewer(userId);
    const attachments = [{ type: 'IMAGE', url: 'https://example.org/a.png', title: 'A' }];
    const input = { title: 'T', body: 'B', movieId: 'm101', attachments, tags: ['x'], idempotencyKey: 'k' };
    const created = await room.execute(create, { viewer: as, variables: { input } });
    expect(created.errors).toBeUndefined();
    const { post: written, event } = (created.data as { createPost: { post: { id: string }; event: { id: string } } })
      .createPost;
    expect(written).toEqual({
      ...{
        id: written.id,
        title: 'T',
        body: 'B',
        attachments,
        tags: ['x'],
        author: { id: userId },
        movie: { id: 'm101' },
      },
      ...{ createdAt: expect.any(String), editedAt: null },
    });
    expect((await room.events(written.id))[0]?.id).toBe(event.id);

    // Two edits in one request: each answer shows its own.
    const { data: edited } = await room.execute(
      `mutation ($id: ID!) {
        a: editPost(input: { postId: $id, title: "One" }) { post { title } event { id } }
        b: editPost(input: { postId: $id, title: "Two" }) { post { title editedAt } event { id } } }`,
      { viewer: as, variables: { id: written.id } },
    );
    expect(edited).toMatchObject({
      a: { post: { title: 'One' } },
      b: { post: { title: 'Two', editedAt: expect.any(String) } },
    });

    const { data: said } = await room.execute(
      `mutation ($input: AddCommentInput!) { addComment(input: $input) {
        comment { body author { id } createdAt post { id title } } event { id } } }`,
      { viewer: as, variables: { input: { postId: written.id, body: 'Well.', idempotencyKey: 'k' } } },
    );
    expect(said).toMatchObject({
      addComment: { comment: { body: 'Well.', author: { id: userId }, post: { id: written.id, title: 'Two' } } },
    });

    const remove = 'mutation ($id: ID!) { deletePost(input: { postId: $id }) { postId event { id } } }';
    const refused = await room.execute(remove, { viewer: viewer(newId('u')), variables: { id: written.id } });
    expect(codes(refused.errors)).toEqual({ deletePost: 'FORBIDDEN' });
    const { data: removed } = await room.execute(remove, { viewer: as, variables: { id: written.id } });
    expect(removed).toMatchObject({ deletePost: { postId: written.id } });
    const again = await room.execute(remove, { viewer: as, variables: { id: written.id } });
    expect(codes(again.errors)).toEqual({ deletePost: 'NOT_FOUND' });
  });

  test('want a login before they ask MongoDB', async () => {
    const calls = await callsDuring(async () => {
      const { errors } = await room.execute(`mutation {
        createPost(input: { title: "T", body: "B", idempotencyKey: "k" }) { event { id } }
        editPost(input: { postId: "p" }) { event { id } }
        deletePost(input: { postId: "p" }) { event { id } }
        addComment(input: { postId: "p", body: "B", idempotencyKey: "k" }) { event { id } } }`);
      expect(new Set(Object.values(codes(errors)))).toEqual(new Set(['UNAUTHENTICATED']));
    });
    expect(calls).toEqual([]);
  });

  test('a wrong input names its argument', async () => {
    const input = { title: 'T', body: 'B', attachments: [{ type: 'LINK', url: 'ftp://x' }], idempotencyKey: 'k' };
    const { errors } = await room.execute(create, { viewer: viewer('u1'), variables: { input } });
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      argument: ['input', 'attachments', '0', 'url'],
    });
  });
});

describe('Event', () => {
  const query = entities('... on Event { inMongo { isKnown type topic partition offset publishedAt } }');
  const ask = async (eventId: string, userId: string | null) => {
    const { data, errors } = await room.execute(query, {
      variables: of('Event', [eventId]),
      viewer: userId === null ? null : viewer(userId),
    });
    expect(errors).toBeUndefined();
    return (data as { _entities: { inMongo: object | null }[] })._entities[0]?.inMongo;
  };
  const unpublished = { topic: null, partition: null, offset: null, publishedAt: null };
  const unknown = { isKnown: false, type: null, ...unpublished };

  test('waits with a type only, and has a position once it is published, also while its note is still there', async () => {
    const authorId = newId('u');
    const { eventId } = await createPost(room.store, post(authorId));
    expect(await ask(eventId, authorId)).toEqual({ isKnown: true, type: 'post.changed', ...unpublished });

    const publishedAt = new Date('2026-01-01T20:00:01Z');
    const place = { topic: 'post_events', partition: 3, offset: '9007199254740993' };
    const positions = room.db.collection<{ _id: string }>('event_positions');
    await positions.insertOne({
      _id: eventId,
      type: 'post.changed',
      actorId: authorId,
      ...place,
      publishedAt,
    } as never);
    const published = { isKnown: true, type: 'post.changed', ...place, publishedAt: publishedAt.toISOString() };
    expect(await ask(eventId, authorId)).toEqual(published);
    await room.notes.deleteOne({ _id: eventId });
    expect(await ask(eventId, authorId)).toEqual(published);
  });

  test('one of somebody else, one that is not there and a visitor’s are alike', async () => {
    const { eventId } = await createPost(room.store, post(newId('u')));
    for (const [id, userId] of [
      [eventId, newId('u')],
      [eventId, null],
      ['0198f1de-0000-7000-8000-000000000000', newId('u')],
      ['no uuid', newId('u')],
    ] as const) {
      expect(await ask(id, userId)).toEqual(unknown);
    }
  });

  test('is null, without an error, where MongoDB cannot be asked', async () => {
    const dead = { ...room.settings, url: 'mongodb://127.0.0.1:1/none' };
    const open = mongo.open as NonNullable<typeof mongo.open>;
    await using lonely = await openTestRoom({
      ...mongo,
      open: (services) => {
        const opened = open({ ...services, settings: { ...services.settings, mongo: dead } });
        return { ...opened, store: { ...opened.store, migrate: async () => {} } };
      },
    });
    const { data, errors } = await lonely.execute(query, { variables: of('Event', ['x']), viewer: viewer('u1') });
    expect([data?._entities, errors]).toEqual([[{ inMongo: null }], undefined]);
  });
});
