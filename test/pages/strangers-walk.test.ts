import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildClientSchema,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getIntrospectionQuery,
  getNamedType,
  isEnumType,
  isObjectType,
  isRequiredArgument,
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

/** Whose things are looked for: she has watched, followed and liked something, and nobody else may learn what. */
let her: Awaited<ReturnType<typeof newUser>>;
let stranger: Awaited<ReturnType<typeof newUser>>;
let herEvent: string;
/** What she has written is for everybody; that it was her who did it last is not. */
let herPost: string;
let herOtherEvents: string[];
let schema: GraphQLSchema;

beforeAll(async () => {
  her = await newUser('Her Name');
  stranger = await newUser('A Stranger');
  herEvent = await recordWatch(her.token, { movieId: 'm145' });
  const post = await createPost(her.token, { movieId: 'm145' });
  herPost = post.id;
  herOtherEvents = [
    post.eventId,
    await follow(her.token, stranger.id),
    await like(her.token, { kind: 'TAG', targetId: 'her secret tag' }),
  ];
  for (const eventId of [herEvent, ...herOtherEvents]) await untilApplied(eventId, her.token);
  schema = buildClientSchema(await askWhole(getIntrospectionQuery()));
});

/** A value for every argument that the walk meets; it aims at her. */
function sampleFor(field: string, argument: GraphQLArgument): string {
  const type = getNamedType(argument.type);
  if (argument.name === 'id')
    return JSON.stringify(
      { movie: 'm145', user: her.id, event: herEvent, post: herPost, socialMovie: 'm145' }[field] ?? her.id,
    );
  if (type.name === 'Date') return JSON.stringify(new Date().toISOString().slice(0, 10));
  if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
  throw new Error(`the walk knows no value for ${field}(${argument.name}: ${argument.type})`);
}

/** How far a walk has come. */
interface Walk {
  /** Fields that were selected, as `Type.field`. */
  visited: Set<string>;
  /** Types that were gone into: each once, or the graph's circles would never end. */
  entered: Set<string>;
}

const newWalk = (): Walk => ({ visited: new Set(), entered: new Set() });

/** Selects every field of a type and, at the first meeting, of the types below it; of a type met again only what is plain. */
function selectAll(type: GraphQLObjectType, walk: Walk): string {
  const isNew = !walk.entered.has(type.name);
  walk.entered.add(type.name);
  const fields = Object.values(type.getFields())
    .filter((field) => isNew || (!isObjectType(getNamedType(field.type)) && !field.args.some(isRequiredArgument)))
    .map((field) => {
      walk.visited.add(`${type.name}.${field.name}`);
      return selectField(field, walk);
    });
  return `{ __typename ${fields.join(' ')} }`;
}

function selectField(field: GraphQLField<unknown, unknown>, walk: Walk): string {
  const below = getNamedType(field.type);
  const needed = field.args.filter(isRequiredArgument).map((arg) => `${arg.name}: ${sampleFor(field.name, arg)}`);
  const list = needed.length > 0 ? `(${needed.join(', ')})` : '';
  return `${field.name}${list} ${isObjectType(below) ? selectAll(below, walk) : ''}`;
}

/** Asks for every field below every root field, one root a request. */
async function walk(token?: string): Promise<{ answers: Map<string, Answered>; visited: Set<string> }> {
  const query = schema.getQueryType() as GraphQLObjectType;
  const visited = new Set<string>();
  const answers = new Map<string, Answered>();
  for (const field of Object.values(query.getFields())) {
    const walk = newWalk();
    answers.set(field.name, await ask(`{ ${selectField(field, walk)} }`, { token }));
    for (const name of [`Query.${field.name}`, ...walk.visited]) visited.add(name);
  }
  return { answers, visited };
}

const refusals = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND']);

/** What the walk brought home must hold nothing of hers but what is everybody's: her name and the day she joined. */
function expectNothingOfHers(answers: Map<string, Answered>): void {
  for (const [root, { data, errors }] of answers) {
    const text = JSON.stringify({ data, errors });
    for (const secret of [her.email, her.token, her.password]) expect(text, root).not.toContain(secret);
    // Her events are hers: no history, position or event of hers, whatever the way to it.
    if (root !== 'event') for (const id of [herEvent, ...herOtherEvents]) expect(text, root).not.toContain(id);
    expect(text, root).not.toContain('her secret tag');
    for (const { extensions, message } of errors) expect(refusals, `${root}: ${message}`).toContain(extensions?.code);
  }
  expect(answers.get('event')?.data).toEqual({ event: null });
  const hers = answers.get('user')?.data.user;
  expect(hers).toMatchObject({
    id: her.id,
    name: her.name,
    email: null,
    watchHistory: null,
    continueWatching: null,
    activity: null,
  });
}

test('a visitor who walks every field finds nothing that is not theirs', async () => {
  const { answers } = await walk();
  expectNothingOfHers(answers);
  expect(answers.get('me')?.data).toEqual({ me: null });
  expect(answers.get('me')?.errors[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  expect(JSON.stringify(answers.get('movie')?.data.movie)).not.toContain(her.id);
});

test('another user who walks every field finds nothing that is not theirs', async () => {
  const { answers } = await walk(stranger.token);
  expectNothingOfHers(answers);
  expect(answers.get('me')?.data.me).toMatchObject({ id: stranger.id, email: stranger.email });
  expect(answers.get('movie')?.data.movie.watchersOn).toBeNull();
});

test('she herself finds her own with the same walk', async () => {
  const { answers } = await walk(her.token);
  const text = JSON.stringify(answers.get('me')?.data);
  expect(text).toContain(her.email);
  expect(text).toContain(herEvent);
});

test('the walk has been everywhere', async () => {
  const { visited } = await walk();
  const reachable = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__') && type.name !== 'Mutation')
    .flatMap((type) => Object.keys((type as GraphQLObjectType).getFields()).map((field) => `${type.name}.${field}`));
  const inMutations = newWalk();
  const mutation = schema.getMutationType() as GraphQLObjectType;
  for (const field of Object.values(mutation.getFields())) {
    const payload = getNamedType(field.type);
    if (isObjectType(payload)) selectAll(payload, inMutations);
  }
  expect(reachable.filter((field) => !visited.has(field) && !inMutations.visited.has(field))).toEqual([]);
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
