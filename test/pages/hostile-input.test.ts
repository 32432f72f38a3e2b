import { randomUUID } from 'node:crypto';
import mongoose from 'mongoose';
import { beforeAll, describe, expect, test } from 'vitest';
import { waitUntilCaughtUp } from '../../fanout/caught-up.ts';
import { topics } from '../../schema/events/index.ts';
import { collections } from '../../subgraphs/mongo/outbox.ts';
import { type Answered, ask, bob, createPost, currentEndpoint, newUser, settings, watchInput } from '../harness.ts';
import { lakeEvents } from '../lake.ts';
import { truth } from '../truth.ts';

const hostile: Record<string, unknown> = {
  garbage: 'garbage',
  'an empty text': '',
  'ten kilobytes': 'x'.repeat(10_240),
  NUL: '\u0000',
  'half a surrogate pair': '\ud800',
  'an emoji': '😀',
  'a negative number': -1,
  'a number beyond Int': 2 ** 31,
  'a fraction': 1.5,
  'a boolean': true,
  'an empty list': [],
  'an empty object': {},
  'an ancient date': '0001-01-01T00:00:00Z',
};

// What is not hostile after all, by what a field takes; everything else must be refused.
const anyKey = ['garbage', 'an ancient date'];
const anyText = [...anyKey, 'an emoji'];
const anyPlaceName = ['garbage'];
/** GraphQL takes a whole number for an ID. Where the thing is looked up, none of these is there. */
const anyId = ['garbage', 'a negative number', 'a number beyond Int'];
const anyTag = [...new Set([...anyText, ...anyId])];
/** GraphQL takes a single value for a list of it. */
const anyTags = [...anyText, 'an empty list'];

const content = () => ({
  title: 'A title',
  body: 'A body.',
  attachments: [{ type: 'LINK', url: 'https://example.org/', title: 'A link' }],
  tags: ['test'],
});
const goodContent = {
  ...{ title: anyText, body: anyText, tags: anyTags },
  ...{ attachments: ['an empty list'], 'attachments.0.title': [...anyText, 'an empty text'] },
};

interface Mutation {
  /** The field, and what it is about where that makes a difference. */
  name: string;
  type: string;
  /** An input that is accepted; `postId` is a post of the caller's. */
  input(postId: string): object;
  /** By field: the hostile values that it takes. */
  good?: Record<string, readonly string[]>;
  payload?: string;
}

const mutations: Mutation[] = [
  {
    ...{ name: 'recordWatch', type: 'RecordWatchInput', good: { idempotencyKey: anyKey } },
    input: () => watchInput({ watchedAt: new Date().toISOString() }),
  },
  { name: 'follow', type: 'FollowInput', input: () => ({ userId: bob.id }) },
  { name: 'unfollow', type: 'FollowInput', input: () => ({ userId: bob.id }) },
  { name: 'block', type: 'BlockInput', input: () => ({ userId: bob.id }) },
  { name: 'unblock', type: 'BlockInput', input: () => ({ userId: bob.id }) },
  {
    ...{ name: 'updateProfile', type: 'UpdateProfileInput' },
    input: () => ({ bio: 'A bio.', links: [{ title: 'A link', url: 'https://example.org/' }], interests: ['test'] }),
    good: {
      bio: [...anyText, 'an empty text'],
      links: ['an empty list'],
      'links.0.title': anyText,
      interests: anyTags,
    },
  },
  {
    ...{ name: 'createUpload', type: 'CreateUploadInput', payload: 'putUrl' },
    input: () => ({ contentType: 'image/png', sizeBytes: 1_000 }),
  },
  { name: 'like of a movie', type: 'LikeInput', input: () => ({ kind: 'MOVIE', targetId: 'm102' }) },
  {
    ...{ name: 'like of a post', type: 'LikeInput', good: { targetId: anyId } },
    input: (postId) => ({ kind: 'POST', targetId: postId }),
  },
  {
    ...{ name: 'like of a tag', type: 'LikeInput', good: { targetId: anyTag } },
    input: () => ({ kind: 'TAG', targetId: 'test' }),
  },
  {
    ...{ name: 'unlike of a tag', type: 'LikeInput', good: { targetId: anyTag } },
    input: () => ({ kind: 'TAG', targetId: 'test' }),
  },
  {
    name: 'unlike of a movie',
    type: 'LikeInput',
    input: () => ({ kind: 'MOVIE', targetId: 'm102' }),
  },
  {
    ...{ name: 'createPost', type: 'CreatePostInput' },
    input: () => ({ ...content(), movieId: null, poll: { options: ['Yes', 'No'] }, idempotencyKey: randomUUID() }),
    good: { ...goodContent, movieId: anyId, idempotencyKey: anyKey },
  },
  {
    ...{ name: 'editPost', type: 'EditPostInput', good: goodContent },
    input: (postId) => ({ postId, ...content() }),
  },
  { name: 'votePoll', type: 'VotePollInput', input: (postId) => ({ postId, option: 0 }) },
  {
    ...{ name: 'reportPost', type: 'ReportPostInput', good: { details: [...anyText, 'an empty text'] } },
    input: () => ({ postId: 'p999', reason: 'SPAM', details: 'Some details.' }),
  },
  { name: 'deletePost', type: 'DeletePostInput', input: (postId) => ({ postId }) },
  {
    ...{ name: 'addComment', type: 'AddCommentInput', good: { body: anyText, idempotencyKey: anyKey } },
    input: (postId) => ({ postId, body: 'A comment.', idempotencyKey: randomUUID() }),
  },
  {
    ...{ name: 'reportPlayback', type: 'ReportPlaybackInput', payload: 'accepted' },
    input: () => ({
      ...{ movieId: 'no-movie', region: 'eu-west', cdnNode: 'eu-west-1', bufferingCount: 0, averageBitrateKbps: 5_000 },
      measuredAt: new Date().toISOString(),
    }),
    good: { movieId: anyId, region: anyPlaceName, cdnNode: anyPlaceName },
  },
  {
    ...{ name: 'recordPostView', type: 'RecordPostViewInput', payload: 'accepted', good: { postId: anyId } },
    input: (postId) => ({ postId }),
  },
];

interface Caller {
  userId: string;
  /** What the caller has caused: event ids, or what else tells one accepted call from another. */
  caused: Set<string>;
}
const callers: Caller[] = [];

describe.for(mutations)('$name', ({ name, type, input, good = {}, payload = 'event { id }' }) => {
  const query = `mutation ($input: ${type}!) { answer: ${name.split(' ')[0]}(input: $input) { ${payload} } }`;
  const caused = new Set<string>();
  let token: string;
  let postId: string;

  beforeAll(async () => {
    const user = await newUser();
    const post = await createPost(user.token, { poll: { options: ['Yes', 'No'] } });
    ({ token } = user);
    postId = post.id;
    caused.add(user.eventId).add(post.eventId);
    callers.push({ userId: user.id, caused });
  });

  test.for(fieldsOf(input('')))('a hostile %s is the client’s mistake', async (path) => {
    const outcomes: Record<string, unknown> = {};
    for (const [what, value] of Object.entries(hostile)) {
      const variables = { input: withValue(input(postId), path, value) };
      const { data, errors } = await ask(query, { token, variables });
      const isRefused = errors.length > 0 && errors.every((error) => isMistakeAt(['input', ...path.split('.')], error));
      outcomes[what] = errors.length === 0 ? 'accepted' : isRefused ? 'refused' : errors;
      if (data?.answer?.event) caused.add(data.answer.event.id);
      if (data?.answer?.accepted) caused.add(randomUUID());
    }
    expect(outcomes).toEqual(
      Object.fromEntries(
        Object.keys(hostile).map((what) => [what, good[path]?.includes(what) ? 'accepted' : 'refused']),
      ),
    );
  });
});

test('what was refused has left nothing anywhere', async () => {
  await waitUntilCaughtUp(settings);
  const events = (await Promise.all(topics.map((topic) => lakeEvents(settings, topic)))).flat();
  const client = await new mongoose.mongo.MongoClient(settings.mongo.url).connect();
  const db = client.db();
  expect(callers).toHaveLength(mutations.length);
  for (const { userId, caused } of callers) {
    const ids = events.flatMap(({ id, actor }) => (actor === userId ? [id] : []));
    expect(ids).toHaveLength(caused.size);

    const rows = await truth<{ id: string }>(
      `SELECT event_id::text AS id FROM user_watch WHERE user_id = $1
       UNION ALL SELECT event_id::text FROM follow WHERE follower_id = $1
       UNION ALL SELECT event_id::text FROM block WHERE blocker_id = $1
       UNION ALL SELECT event_id::text FROM user_like WHERE user_id = $1
       UNION ALL SELECT id::text FROM outbox WHERE actor_id = $1`,
      [userId],
    );
    const posts = await db.collection(collections.posts).find({ authorId: userId }).toArray();
    const comments = await db.collection(collections.comments).find({ authorId: userId }).toArray();
    const notes = await db.collection(collections.pending).find({ actorId: userId }).toArray();
    const written = [
      ...rows.map(({ id }) => id),
      ...[...posts, ...comments].map((row) => row.change?.eventId ?? row.eventId),
    ];
    expect(written.filter((id) => !ids.includes(id))).toEqual([]);
    expect(notes).toEqual([]);
  }
  await client.close();
});

/** The fields of an input, those of its objects and of the objects in its lists too, as paths such as `attachments.0.url`. */
function fieldsOf(input: object, prefix = ''): string[] {
  return Object.entries(input).flatMap(([name, value]) => {
    const [item, place] = Array.isArray(value) ? [value[0], '.0'] : [value, ''];
    const isObject = typeof item === 'object' && item !== null;
    return [`${prefix}${name}`, ...(isObject ? fieldsOf(item, `${prefix}${name}${place}.`) : [])];
  });
}

function withValue(input: object, path: string, value: unknown): object {
  const copy = structuredClone(input);
  const names = path.split('.');
  const last = names.pop() as string;
  const place = names.reduce(
    (object, name) => object[name] as Record<string, unknown>,
    copy as Record<string, unknown>,
  );
  place[last] = value;
  return copy;
}

/** Whether an error tells the client in few words which argument is wrong. */
const isMistakeAt = (path: readonly string[], { message, extensions }: Answered['errors'][number]) =>
  message.length < 400 &&
  ['BAD_USER_INPUT', 'NOT_FOUND'].includes(String(extensions?.code)) &&
  path.every((name, index) => (extensions?.argument as string[] | undefined)?.[index] === name);

test.for(['garbage', '2026-02-30', 5, ''])('a day that is none (%j) costs nothing but itself', async (date) => {
  const query = 'query ($date: Date!) { movie(id: "m101") { viewsLast24h watchersOn(date: $date) { id } } }';
  const { data, errors } = await ask(query, { variables: { date } });
  expect(data).toBeNull();
  expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['date'] });
});

test('a secret in a variable of the wrong shape is not repeated', async () => {
  const query = 'mutation ($input: SignUpInput!) { signUp(input: $input) { user { id } } }';
  const { errors } = await ask(query, { variables: { input: { email: 'a@b.example', password: 'do not repeat' } } });
  expect(errors[0]?.extensions?.code).toBe('BAD_USER_INPUT');
  expect(JSON.stringify(errors)).not.toContain('do not repeat');
});

test.for([0, -1, 101, 2 ** 31 - 1])('a page of %i is refused wherever a list is asked', async (first) => {
  for (const field of ['trendingMovies', 'topMovies(window: DAY', 'movies']) {
    const call = field.includes('(') ? `${field}, first: ${first})` : `${field}(first: ${first})`;
    const { errors } = await ask(`{ ${call} { __typename } }`);
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['first'] });
  }
});

test.for([
  ['no name among two operations', { query: 'query A { me { id } } query B { me { id } }' }],
  ['a name that no operation has', { query: 'query A { me { id } }', operationName: 'Z' }],
  ['too long an operation', { query: `{ ${Array.from({ length: 1_000 }, (_, i) => `a${i}: me { id }`).join(' ')} }` }],
  ['no GraphQL', { query: '{' }],
] as const)('%s is a bad request', async ([, body]) => {
  const response = await fetch(currentEndpoint(), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  expect(response.status).toBe(400);
  expect(errors[0]?.extensions.code).toMatch(/^(OPERATION_RESOLUTION_FAILURE|GRAPHQL_PARSE_FAILED|BAD_REQUEST)$/);
});

test.for([
  ['a body that is no JSON', '{', 400],
  ['a body of 300 kB', JSON.stringify({ query: 'x'.repeat(300_000) }), 413],
] as const)('%s is told as a GraphQL error', async ([, body, status]) => {
  const response = await fetch(currentEndpoint(), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
});

test('reading after an event that is not one’s own is a bad request', async () => {
  const [user, stranger] = [await newUser(), await newUser()];
  const response = await fetch(currentEndpoint(), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${stranger.token}`,
      'x-streamshop-after': user.eventId,
    },
    body: JSON.stringify({ query: '{ movie(id: "m101") { title } }' }),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
});
