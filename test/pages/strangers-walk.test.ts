import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildClientSchema,
  type GraphQLObjectType,
  type GraphQLSchema,
  getIntrospectionQuery,
  isObjectType,
} from 'graphql';
import { beforeAll, expect, test } from 'vitest';
import {
  type Answered,
  ask,
  askWhole,
  createPost,
  currentEndpoint,
  follow,
  like,
  newUser,
  recordWatch,
  settings,
  untilApplied,
} from '../harness.ts';
import { mutate, upload } from '../home.ts';
import { createWalker, type Walker } from './walk.ts';

type User = Awaited<ReturnType<typeof newUser>>;

/** Whose things are looked for: she has done whatever can be done, and nobody else may learn what. */
let her: User;
/** The only thing that anybody has done with them: she blocks them. */
let blocked: User;
/** She follows them; one of them writes, and follows somebody whom she could follow as well. */
let stranger: User;
let writer: User;
let proposed: User;
/** What she has written is for everybody; that it was her who did it last is not. */
let herPost: string;
let writersPost: string;
/** No post uses it. */
let herUpload: string;
let herEvents: string[];
const herTag = 'her secret tag';
const herDetails = 'her secret details';
let schema: GraphQLSchema;
let walker: Walker;

beforeAll(async () => {
  her = await newUser('Her Name');
  stranger = await newUser('A Stranger');
  blocked = await newUser('Somebody Blocked');
  writer = await newUser('A Writer');
  proposed = await newUser('Somebody Proposed');
  const post = await createPost(her.token, { movieId: 'm145', poll: { options: ['Yes', 'No'] } });
  herPost = post.id;
  const written = await createPost(writer.token, { movieId: 'm145' });
  writersPost = written.id;
  const followsProposed = await follow(writer.token, proposed.id);
  herUpload = await upload(her.token);
  herEvents = [
    await recordWatch(her.token, { movieId: 'm145' }),
    post.eventId,
    await follow(her.token, stranger.id),
    await follow(her.token, writer.id),
    await like(her.token, { kind: 'TAG', targetId: herTag }),
    await mutate(her.token, 'block', { userId: blocked.id }),
    await mutate(her.token, 'updateProfile', { bio: 'What she tells everybody.' }),
    await mutate(her.token, 'votePoll', { postId: herPost, option: 1 }),
    await mutate(her.token, 'reportPost', { postId: writersPost, reason: 'OTHER', details: herDetails }),
  ];
  for (const eventId of [written.eventId, followsProposed]) await untilApplied(eventId, writer.token);
  for (const eventId of herEvents) await untilApplied(eventId, her.token);
  schema = buildClientSchema(await askWhole(getIntrospectionQuery()));
  const [event = ''] = herEvents;
  const films = { movie: 'm145', socialMovie: 'm145' };
  walker = createWalker(schema, { ...films, user: her.id, socialUser: her.id, event, post: herPost });
});

const refusals = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND']);

/** What the walk brought home must hold nothing of hers but what is everybody's: her name, the day she joined, and what she has published. */
function expectNothingOfHers(answers: Map<string, Answered>): void {
  expect(answers.get('event')?.data).toEqual({ event: null });
  expect(answers.get('user')?.data.user).toMatchObject({
    ...{ id: her.id, name: her.name, profile: { bio: 'What she tells everybody.' } },
    ...{ email: null, blocked: null, watchHistory: null, continueWatching: null, activity: null },
    ...{ feed: null, recommendations: null, peopleToFollow: null },
  });
  // That she has written of the film is public; that she has watched it is not.
  const { discussion, ...film } = answers.get('movie')?.data.movie ?? {};
  expect(JSON.stringify(discussion)).toContain(her.id);
  expect(JSON.stringify(film)).not.toContain(her.id);
  const voted = { options: [{ votes: 0 }, { votes: 1 }], ownVote: null };
  expect(answers.get('post')?.data.post).toMatchObject({ id: herPost, poll: voted });
  for (const [root, { data, errors }] of answers) {
    const text = JSON.stringify({ data, errors });
    const secrets = [her.email, her.token, her.password, herTag, herDetails, herUpload];
    for (const secret of secrets) expect(text, root).not.toContain(secret);
    // Her events are hers: no history, position or event of hers, whatever the way to it.
    if (root !== 'event') for (const id of herEvents) expect(text, root).not.toContain(id);
    // Nothing but her block tells of whom she blocks; they themselves find their own.
    if (root !== 'me') expect(text, root).not.toContain(blocked.id);
    for (const { extensions, message } of errors) expect(refusals, `${root}: ${message}`).toContain(extensions?.code);
  }
}

test('a visitor who walks every field finds nothing that is not theirs', async () => {
  const answers = await walker.walk();
  expectNothingOfHers(answers);
  expect(answers.get('me')?.data).toEqual({ me: null });
  expect(answers.get('me')?.errors[0]?.extensions?.code).toBe('UNAUTHENTICATED');
});

test('another user who walks every field finds nothing that is not theirs', async () => {
  const answers = await walker.walk(stranger.token);
  expectNothingOfHers(answers);
  expect(answers.get('me')?.data.me).toMatchObject({ id: stranger.id, email: stranger.email });
  expect(JSON.stringify(answers.get('me'))).not.toContain(blocked.id);
  expect(answers.get('movie')?.data.movie.watchersOn).toBeNull();
});

test('whom she blocks finds nothing either, and not that she does', async () => {
  const answers = await walker.walk(blocked.token);
  expectNothingOfHers(answers);
  const me = answers.get('me')?.data.me;
  // Her posts are public, and so they may still be met at films; but not she among people.
  expect(me).toMatchObject({ blocked: [], peopleToFollow: expect.any(Array), followers: [] });
  const { recommendations: _films, ...rest } = me;
  expect(JSON.stringify(rest)).not.toContain(her.id);
});

test('she herself finds her own with the same walk', async () => {
  const answers = await walker.walk(her.token);
  const me = answers.get('me')?.data.me;
  const text = JSON.stringify(me);
  for (const own of [her.email, herTag, herEvents[0]]) expect(text).toContain(own);
  expect(me).toMatchObject({
    blocked: [{ id: blocked.id }],
    feed: { edges: [{ post: { id: writersPost } }] },
    peopleToFollow: [{ user: { id: proposed.id } }],
  });
  expect(me.recommendations.length).toBeGreaterThan(0);
  expect(answers.get('post')?.data.post.poll.ownVote).toBe(1);
});

test('nobody else learns what has become of an event of hers, whichever source has it', async () => {
  const query = 'query ($id: ID!) { event(id: $id) { type topic partition offset publishedAt sinks { name status } } }';
  for (const id of herEvents) {
    const asked = async (token?: string) => {
      const { data, errors } = await ask(query, { token, variables: { id } });
      return [data.event?.type, errors[0]?.extensions?.code];
    };
    expect(await asked(her.token)).toEqual([expect.any(String), undefined]);
    expect(await asked(stranger.token)).toEqual([undefined, 'NOT_FOUND']);
    expect(await asked()).toEqual([undefined, 'UNAUTHENTICATED']);
  }
});

test('the walk leads everywhere', () => {
  const visited = new Set([...walker.visited(), ...walker.visitedInMutations()]);
  const reachable = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__') && type.name !== 'Mutation')
    .flatMap((type) => Object.keys((type as GraphQLObjectType).getFields()).map((field) => `${type.name}.${field}`));
  expect(reachable.filter((field) => !visited.has(field))).toEqual([]);
});

test('a visitor can change nothing but sign up and log in', async () => {
  const idempotencyKey = 'idempotencyKey: "stranger"';
  const mutations: Record<string, string> = {
    recordWatch: `recordWatch(input: { movieId: "m145", action: PLAY, positionSeconds: 0, durationSeconds: 0, device: WEB,
      quality: HD, idempotencyKey: "stranger" }) { event { id } }`,
    follow: `follow(input: { userId: "${her.id}" }) { event { id } }`,
    unfollow: `unfollow(input: { userId: "${her.id}" }) { event { id } }`,
    like: `like(input: { kind: POST, targetId: "${herPost}" }) { event { id } }`,
    unlike: `unlike(input: { kind: POST, targetId: "${herPost}" }) { event { id } }`,
    createPost: `createPost(input: { title: "T", body: "B", ${idempotencyKey} }) { event { id } }`,
    editPost: `editPost(input: { postId: "${herPost}", title: "T" }) { event { id } }`,
    deletePost: `deletePost(input: { postId: "${herPost}" }) { event { id } }`,
    addComment: `addComment(input: { postId: "${herPost}", body: "B", ${idempotencyKey} }) { event { id } }`,
    recordPostView: `recordPostView(input: { postId: "${herPost}" }) { __typename }`,
    reportPlayback: `reportPlayback(input: { movieId: "m145", region: "eu-west", cdnNode: "eu-west-1", bufferingCount: 0,
      averageBitrateKbps: 5000, measuredAt: "2026-01-01T00:00:00Z" }) { __typename }`,
    votePoll: `votePoll(input: { postId: "${herPost}", option: 0 }) { event { id } }`,
    reportPost: `reportPost(input: { postId: "${herPost}", reason: SPAM }) { event { id } }`,
    updateProfile: 'updateProfile(input: { bio: "B" }) { event { id } }',
    createUpload: 'createUpload(input: { contentType: "image/png", sizeBytes: 1 }) { putUrl }',
    block: `block(input: { userId: "${her.id}" }) { event { id } }`,
    unblock: `unblock(input: { userId: "${her.id}" }) { event { id } }`,
    logout: 'logout { loggedOut }',
  };
  const all = Object.keys((schema.getMutationType() as GraphQLObjectType).getFields());
  expect(all.filter((name) => !['signUp', 'login'].includes(name)).sort()).toEqual(Object.keys(mutations).sort());
  for (const [name, mutation] of Object.entries(mutations)) {
    if (name === 'logout') continue;
    const { errors } = await ask(`mutation { ${mutation} }`);
    expect(errors[0]?.extensions?.code, name).toBe('UNAUTHENTICATED');
  }
  expect(await askWhole(`mutation { ${mutations.logout} }`)).toEqual({ logout: { loggedOut: false } });
});

test('a login that fails says the same for an unknown address and for a wrong password', async () => {
  const attempt = async (email: string) => {
    const query = 'mutation ($input: LoginInput!) { login(input: $input) { token } }';
    const { errors } = await ask(query, { variables: { input: { email, password: 'not the password' } } });
    return errors.map(({ message, extensions }) => [message, extensions?.code]);
  };
  expect(await attempt(her.email)).toEqual(await attempt('nobody@streamshop.example'));
});

test('after logout the token is worth nothing', async () => {
  const user = await newUser();
  await askWhole('mutation { logout { loggedOut } }', { token: user.token });
  const { errors } = await ask('{ me { id } }', { token: user.token });
  expect(errors[0]?.extensions?.code).toBe('UNAUTHENTICATED');
});

test('no log knows a token, a password or an e-mail address', () => {
  const logs = readdirSync(join(settings.home, 'logs'));
  expect(logs).toEqual(expect.arrayContaining(['gateway.log', 'workers.log', 'postgres.log']));
  for (const log of logs) {
    const text = readFileSync(join(settings.home, 'logs', log), 'utf8');
    for (const secret of [her.token, her.password, her.email]) expect(text.includes(secret), log).toBe(false);
  }
});

test('a browser gets the explorer, and Apollo Sandbox with the movie page in it at the endpoint', async () => {
  const at = (path: string) => new URL(path, currentEndpoint()).href;
  const get = (path: string) => fetch(at(path), { headers: { accept: 'text/html' } });
  const start = await get('/');
  expect([start.status, start.url]).toEqual([200, at('/explorer/')]);
  expect(await start.text()).toContain('StreamShop');
  const sandbox = await get('/graphql');
  expect(sandbox.status).toBe(200);
  expect(await sandbox.text()).toContain('MoviePage');
});
