import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Viewer } from '../../gateway/request.ts';
import { changeBlock, changeMovies, importUsers, recordWatch } from './commands.ts';
import { callsOf, movie, newId, openTestPostgres, type TestPostgres, watch } from './testing.ts';

let room: TestPostgres;
beforeAll(async () => {
  room = await openTestPostgres();
});
afterAll(() => room[Symbol.asyncDispose]());

const viewer = (userId: string) => ({ userId, scopes: [] });
const codes = (errors: readonly { path?: readonly PropertyKey[]; extensions?: object }[] | undefined) =>
  Object.fromEntries(
    (errors ?? []).map(({ path, extensions }) => [path?.join('.'), (extensions as { code: string }).code]),
  );

const entities = (fields: string) => `query ($of: [_Any!]!) { _entities(representations: $of) { ${fields} } }`;
const of = (typename: string, ids: readonly string[]) => ({ of: ids.map((id) => ({ __typename: typename, id })) });

async function newUser(name = 'Alice'): Promise<string> {
  const id = newId('u');
  await importUsers(room.store, [{ id, email: `${id}@example.org`, name }]);
  return id;
}

describe('Movie', () => {
  const fields =
    '... on Movie { id title synopsis releaseYear runtimeMinutes genres tags licensedFrom licensedUntil imdbId tmdbId }';

  test('50 movies with every field are one call', async () => {
    const movies = Array.from({ length: 50 }, () =>
      movie(newId('m'), { licensedFrom: '2026-01-31', imdbId: 'tt1375666' }),
    );
    await changeMovies(room.store, movies);
    const ids = movies.map(({ id }) => id);
    const calls = await callsOf(async () => {
      const { data, errors } = await room.execute(entities(fields), { variables: of('Movie', ids) });
      expect(errors).toBeUndefined();
      expect(data?._entities).toEqual(movies.map((each) => ({ ...each, licensedUntil: null, tmdbId: null })));
    });
    expect(calls).toHaveLength(1);
  });

  test('an unknown movie is NOT_FOUND at its fields and spoils no other', async () => {
    const known = movie(newId('m'));
    await changeMovies(room.store, [known]);
    const variables = of('Movie', ['no-such-movie', known.id]);
    const { data, errors } = await room.execute(entities('... on Movie { id title }'), { variables });
    expect(data?._entities).toEqual([
      { id: 'no-such-movie', title: null },
      { id: known.id, title: known.title },
    ]);
    expect(codes(errors)).toEqual({ '_entities.0.title': 'NOT_FOUND' });
  });
});

describe('Query.movies', () => {
  // A tag of their own keeps the movies of other tests out.
  const tag = newId('tag');
  const years = [2011, 2010, 2010, 2010, 2009, 2008, 2007];
  const ids = years.map((_, index) => `m${index}-${tag}`);
  const query = `query ($first: Int, $after: String, $tag: String, $genre: String, $yearFrom: Int, $yearTo: Int) {
    movies(first: $first, after: $after, tag: $tag, genre: $genre, yearFrom: $yearFrom, yearTo: $yearTo) {
      edges { cursor node { id title releaseYear } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`;
  interface Page {
    edges: { cursor: string; node: { id: string } }[];
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
  }
  const page = async (variables: object): Promise<Page> => {
    const { data, errors } = await room.execute(query, { variables: { tag, ...variables } });
    expect(errors).toBeUndefined();
    return data?.movies as Page;
  };
  const idsOf = ({ edges }: Page) => edges.map(({ node }) => node.id);

  beforeAll(() =>
    changeMovies(
      room.store,
      years.map((releaseYear, n) =>
        movie(ids[n] as string, { releaseYear, tags: [tag], genres: n % 2 ? ['Drama'] : ['Drama', 'Crime'] }),
      ),
    ),
  );

  test('pages from end to end, also between movies of one year', async () => {
    const seen: string[] = [];
    let after: string | undefined;
    for (let more = true; more; ) {
      const { edges, pageInfo } = await page({ first: 2, after });
      expect(pageInfo.hasPreviousPage).toBe(after !== undefined);
      expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges[0]?.cursor, edges.at(-1)?.cursor]);
      seen.push(...edges.map(({ node }) => node.id));
      after = pageInfo.endCursor;
      more = pageInfo.hasNextPage;
    }
    expect(seen).toEqual(ids);
  });

  test('a movie that is added meanwhile shifts nothing', async () => {
    const first = await page({ first: 3, genre: 'Drama' });
    await changeMovies(room.store, [movie(newId('m'), { releaseYear: 2020, tags: [tag], genres: ['News'] })]);
    const second = await page({ first: 3, genre: 'Drama', after: first.pageInfo.endCursor });
    expect([...idsOf(first), ...idsOf(second)]).toEqual(ids.slice(0, 6));
  });

  test('filters by genre and years', async () => {
    expect(idsOf(await page({ genre: 'Crime' }))).toEqual([ids[0], ids[2], ids[4], ids[6]]);
    expect(idsOf(await page({ yearFrom: 2008, yearTo: 2009 }))).toEqual([ids[4], ids[5]]);
    expect(await page({ genre: 'No such genre' })).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  test('two lists of one query are one call, and their movies none', async () => {
    const both = `{ a: movies(tag: "${tag}", first: 3) { edges { node { title } } }
                    b: movies(tag: "${tag}", first: 3, yearTo: 2009) { edges { node { id } } } }`;
    const calls = await callsOf(async () => {
      const { data } = await room.execute(both);
      expect(data).toMatchObject({ b: { edges: [{ node: { id: ids[4] } }, { node: { id: ids[5] } }, {}] } });
    });
    expect(calls).toHaveLength(1);
  });

  test.each([
    ['first', { first: 0 }],
    ['first', { first: 101 }],
    ['after', { after: 'no cursor' }],
    ['after', { after: Buffer.from("2010/' OR 1=1").toString('base64url') }],
    ['genre', { genre: 'a\0b' }],
    ['tag', { tag: 'x'.repeat(10_000) }],
    ['yearTo', { yearTo: -1 }],
  ])('refuses a wrong %s', async (name, variables) => {
    const { errors } = await room.execute(query, { variables });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: [name] });
  });
});

describe('User', () => {
  const query = entities('... on User { id name email createdAt }');

  test('shows the e-mail address to the user alone', async () => {
    const [alice, bob] = [await newUser('Alice'), await newUser('Bob')];
    const variables = of('User', [alice]);
    const own = await room.execute(query, { variables, viewer: viewer(alice) });
    expect(own.errors).toBeUndefined();
    expect(own.data?._entities).toMatchObject([{ name: 'Alice', email: `${alice}@example.org` }]);

    const others = await room.execute(query, { variables, viewer: viewer(bob) });
    expect(others.data?._entities).toMatchObject([{ name: 'Alice', email: null }]);
    expect(codes(others.errors)).toEqual({ '_entities.0.email': 'FORBIDDEN' });

    const visitor = await room.execute(query, { variables });
    expect(visitor.data?._entities).toMatchObject([{ name: 'Alice', email: null }]);
    expect(codes(visitor.errors)).toEqual({ '_entities.0.email': 'UNAUTHENTICATED' });
  });

  test('tells whom they block to the user alone, blocked last first, in one call', async () => {
    const [alice, bob, ...others] = [
      await newUser('Alice'),
      await newUser('Bob'),
      await newUser('C'),
      await newUser('D'),
    ];
    for (const userId of others) await changeBlock(room.store, { blockerId: alice, userId, blocks: true });
    await changeBlock(room.store, { blockerId: alice, userId: bob, blocks: true });
    await changeBlock(room.store, { blockerId: alice, userId: bob, blocks: false });
    const blocked = entities('... on User { all: blocked { name } newest: blocked(first: 1) { id } }');
    const ask = (who: Viewer | null) =>
      room.execute(blocked, { variables: of('User', [alice]), ...(who && { viewer: who }) });
    const own = await ask(viewer(alice));
    expect(own.errors).toBeUndefined();
    expect(own.data?._entities).toEqual([{ all: [{ name: 'D' }, { name: 'C' }], newest: [{ id: others[1] }] }]);
    for (const [who, code] of [
      [viewer(bob), 'FORBIDDEN'],
      [null, 'UNAUTHENTICATED'],
    ] as const) {
      const { data, errors } = await ask(who);
      expect(data?._entities).toEqual([{ all: null, newest: null }]);
      expect(codes(errors)).toEqual({ '_entities.0.all': code, '_entities.0.newest': code });
    }
    for (const first of [0, 1_001]) {
      const { errors } = await room.execute(entities(`... on User { blocked(first: ${first}) { id } }`), {
        ...{ variables: of('User', [alice]), viewer: viewer(alice) },
      });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['first'] });
    }
  });

  test('an unknown user is NOT_FOUND', async () => {
    const { errors } = await room.execute(entities('... on User { name }'), {
      variables: of('User', ['no-such-user']),
    });
    expect(codes(errors)).toEqual({ '_entities.0.name': 'NOT_FOUND' });
  });
});

describe('Event', () => {
  const query = entities('... on Event { id inPostgres { isKnown type topic partition offset publishedAt } }');
  const unpublished = { topic: null, partition: null, offset: null, publishedAt: null };
  const unknown = { isKnown: false, type: null, ...unpublished };

  async function recorded(): Promise<{ userId: string; eventId: string }> {
    const [userId, movieId] = [await newUser(), newId('m')];
    await changeMovies(room.store, [movie(movieId)]);
    return { userId, eventId: (await recordWatch(room.store, watch(userId, movieId))).eventId };
  }

  async function positionOf(id: string, who: Viewer | null): Promise<unknown> {
    const { data, errors } = await room.execute(query, { variables: of('Event', [id]), viewer: who });
    expect(errors).toBeUndefined();
    const [entity] = (data as { _entities: { id: string; inPostgres: unknown }[] })._entities;
    expect(entity?.id).toBe(id);
    return entity?.inPostgres;
  }

  test('waits in the outbox with a type only, and has a position once it is published', async () => {
    const { userId, eventId } = await recorded();
    const known = { isKnown: true, type: 'watch.recorded' };
    expect(await positionOf(eventId, viewer(userId))).toEqual({ ...known, ...unpublished });

    // What the relay does when Kafka has it.
    await room.store.db.$executeRaw`
      WITH published AS (DELETE FROM outbox WHERE id = ${eventId}::uuid RETURNING *)
      INSERT INTO event_position SELECT id, type, actor_id, aggregatetype, 3, 9007199254740993, '2026-01-01T20:00:01Z'
      FROM published`;
    expect(await positionOf(eventId, viewer(userId))).toEqual({
      ...{ ...known, topic: 'watch_events', partition: 3, offset: '9007199254740993' },
      publishedAt: '2026-01-01T20:00:01.000Z',
    });
  });

  test("is not known when it is somebody else's, does not exist or is no UUID; nor to a visitor", async () => {
    const { userId, eventId } = await recorded();
    expect(await positionOf(eventId, viewer(await newUser()))).toEqual(unknown);
    expect(await positionOf(eventId, null)).toEqual(unknown);
    expect(await positionOf('0198f1de-0000-7000-8000-000000000000', viewer(userId))).toEqual(unknown);
    expect(await positionOf('x', viewer(userId))).toEqual(unknown);
  });

  test('many events are one call', async () => {
    const { userId, eventId } = await recorded();
    const variables = of('Event', [eventId, 'x', '0198f1de-0000-7000-8000-000000000000']);
    expect(await callsOf(() => room.execute(query, { variables, viewer: viewer(userId) }))).toHaveLength(1);
  });
});

describe('mutations', () => {
  test('signUp, login, recordWatch', async () => {
    const [email, password] = [`${newId('carol')}@example.org`, 'correct horse battery'];
    const signedUp = await room.execute(
      'mutation ($input: SignUpInput!) { signUp(input: $input) { user { id name } event { id } } }',
      { variables: { input: { email, name: 'Carol', password } } },
    );
    expect(signedUp.errors).toBeUndefined();
    const { user, event } = (signedUp.data as { signUp: { user: { id: string }; event: { id: string } } }).signUp;
    expect(user).toMatchObject({ name: 'Carol' });
    expect(await room.events(user.id)).toMatchObject([{ id: event.id }]);

    const loggedIn = await room.execute(
      'mutation ($input: LoginInput!) { login(input: $input) { token user { id } } }',
      { variables: { input: { email, password } } },
    );
    expect(loggedIn.data?.login).toEqual({ token: 'test', user: { id: user.id } });

    const movieId = newId('m');
    await changeMovies(room.store, [movie(movieId)]);
    const input = {
      ...{ movieId, action: 'PAUSE', watchedAt: '2026-01-01T21:00:00+01:00', positionSeconds: 60, durationSeconds: 55 },
      ...{ device: 'WEB', quality: 'UHD', idempotencyKey: 'once' },
    };
    const watched = await room.execute(
      `mutation ($input: RecordWatchInput!) { recordWatch(input: $input) {
        watch { user { id } movie { id title } action watchedAt positionSeconds durationSeconds device quality }
        event { id }
      } }`,
      { variables: { input }, viewer: viewer(user.id) },
    );
    expect(watched.errors).toBeUndefined();
    expect(watched.data?.recordWatch).toMatchObject({
      watch: {
        user: { id: user.id },
        movie: { id: movieId, title: `Title of ${movieId}` },
        ...{ action: 'PAUSE', watchedAt: '2026-01-01T20:00:00.000Z', positionSeconds: 60, durationSeconds: 55 },
        ...{ device: 'WEB', quality: 'UHD' },
      },
      event: { id: expect.any(String) },
    });
  });

  const social = {
    follow: `mutation ($input: FollowInput!) {
      follow(input: $input) { follower { id name } followee { id name } follows event { id } } }`,
    block: `mutation ($input: BlockInput!) {
      block(input: $input) { blocker { id name } blocked { id name } blocks event { id } } }`,
    like: `mutation ($input: LikeInput!) {
      like(input: $input) { kind targetId likes movie { title } post { id } tag event { id } } }`,
  };
  const un = (operation: string) => operation.replace(/(?=follow\(|block\(|like\()/, 'un');

  test('follow and unfollow', async () => {
    const [alice, bob] = [await newUser('Alice'), await newUser('Bob')];
    const call = async (operation: string) => {
      const { data, errors } = await room.execute(operation, {
        ...{ variables: { input: { userId: bob } }, viewer: viewer(alice) },
      });
      expect(errors).toBeUndefined();
      return Object.values(data ?? {})[0];
    };
    const pair = { follower: { id: alice, name: 'Alice' }, followee: { id: bob, name: 'Bob' } };
    expect(await call(un(social.follow))).toEqual({ ...pair, follows: false, event: null });
    const followed = await call(social.follow);
    expect(followed).toEqual({ ...pair, follows: true, event: { id: expect.any(String) } });
    expect(await call(social.follow)).toEqual(followed);
    expect(await call(un(social.follow))).toMatchObject({ ...pair, follows: false, event: { id: expect.any(String) } });
    expect((await room.events(alice)).map(({ type }) => type)).toEqual([
      ...['user.signed_up', 'follow.changed', 'follow.changed'],
    ]);
  });

  test('block and unblock', async () => {
    const [alice, bob] = [await newUser('Alice'), await newUser('Bob')];
    const call = async (operation: string, who = alice, userId = bob) => {
      const { data, errors } = await room.execute(operation, { variables: { input: { userId } }, viewer: viewer(who) });
      return { ...(Object.values(data ?? {})[0] as object), ...(errors && { refused: errors[0]?.extensions }) };
    };
    const pair = { blocker: { id: alice, name: 'Alice' }, blocked: { id: bob, name: 'Bob' } };
    expect(await call(un(social.block))).toEqual({ ...pair, blocks: false, event: null });
    const blocked = await call(social.block);
    expect(blocked).toEqual({ ...pair, blocks: true, event: { id: expect.any(String) } });
    expect(await call(social.block)).toEqual(blocked);
    const refused = { code: 'FORBIDDEN', argument: ['input', 'userId'] };
    expect(await call(social.follow, bob, alice)).toMatchObject({ refused });
    expect(await call(un(social.block))).toMatchObject({ ...pair, blocks: false, event: { id: expect.any(String) } });
    expect(await call(social.follow, bob, alice)).toMatchObject({ follows: true });
  });

  test('like and unlike', async () => {
    const [alice, movieId] = [await newUser('Alice'), newId('m')];
    await changeMovies(room.store, [movie(movieId)]);
    const call = async (operation: string, input: object) => {
      const { data, errors } = await room.execute(operation, { variables: { input }, viewer: viewer(alice) });
      expect(errors).toBeUndefined();
      return Object.values(data ?? {})[0];
    };
    const none = { movie: null, post: null, tag: null };
    const targets = [
      [{ kind: 'MOVIE', targetId: movieId }, { movie: { title: `Title of ${movieId}` } }],
      [{ kind: 'POST', targetId: 'p999' }, { post: { id: 'p999' } }],
      [{ kind: 'TAG', targetId: 'heist' }, { tag: 'heist' }],
    ] as const;
    for (const [target, shown] of targets) {
      const payload = { ...target, ...none, ...shown };
      expect(await call(un(social.like), target)).toEqual({ ...payload, likes: false, event: null });
      const liked = await call(social.like, target);
      expect(liked).toEqual({ ...payload, likes: true, event: { id: expect.any(String) } });
      expect(await call(social.like, target)).toEqual(liked);
    }
  });

  test('what is wrong is told with its argument', async () => {
    const me = await newUser();
    const codeOf = async (operation: string, input: object) => {
      const { errors } = await room.execute(operation, { variables: { input }, viewer: viewer(me) });
      return errors?.[0]?.extensions;
    };
    const [userId, targetId] = [
      ['input', 'userId'],
      ['input', 'targetId'],
    ];
    const nobody = { code: 'NOT_FOUND', argument: userId };
    for (const operation of [social.follow, un(social.follow), social.block, un(social.block)]) {
      expect(await codeOf(operation, { userId: me })).toMatchObject({ code: 'BAD_USER_INPUT', argument: userId });
      expect(await codeOf(operation, { userId: 'no-such-user' })).toMatchObject(nobody);
    }
    for (const operation of [social.like, un(social.like)]) {
      const [unknown, wrong] = [
        { kind: 'MOVIE', targetId: 'no-such-movie' },
        { kind: 'POST', targetId: '?' },
      ];
      expect(await codeOf(operation, unknown)).toMatchObject({ code: 'NOT_FOUND', argument: targetId });
      expect(await codeOf(operation, wrong)).toMatchObject({ code: 'BAD_USER_INPUT', argument: targetId });
    }
  });

  test.each([
    `recordWatch(input: { movieId: "m", action: PLAY, positionSeconds: 0, durationSeconds: 0, device: TV, quality: HD,
      idempotencyKey: "k" })`,
    'follow(input: { userId: "u" })',
    'unfollow(input: { userId: "u" })',
    'block(input: { userId: "u" })',
    'unblock(input: { userId: "u" })',
    'like(input: { kind: TAG, targetId: "heist" })',
    'unlike(input: { kind: TAG, targetId: "heist" })',
  ])('%s wants a login before it asks Postgres', async (mutation) => {
    const calls = await callsOf(async () => {
      const { errors } = await room.execute(`mutation { ${mutation} { event { id } } }`);
      expect(Object.values(codes(errors))).toEqual(['UNAUTHENTICATED']);
    });
    expect(calls).toEqual([]);
  });
});
