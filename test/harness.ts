import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { GraphQLFormattedError } from 'graphql';
import { readSettings } from '../config.ts';
import {
  EventDocument,
  LoginDocument,
  RecordWatchDocument,
  type RecordWatchInput,
  type TypedDocumentString,
} from '../schema/generated/graphql.ts';

/** The settings of the test stack, which `npm test` has started. */
export const settings = readSettings();
let endpoint = `http://${settings.gateway.host}:${settings.gateway.port}/graphql`;

/** From now on, in this test file, `ask` asks that gateway instead of the test stack's. */
export const askAt = (url: string): void => {
  endpoint = url;
};

/** Where `ask` asks now, for requests that it does not make. */
export const currentEndpoint = (): string => endpoint;

/** The demo accounts, as `seed/README.md` names them. */
export const alice = { id: 'u123', email: 'alice@streamshop.example', password: 'demo-alice-1' };
export const bob = { id: 'u456', email: 'bob@streamshop.example', password: 'demo-bob-2' };

// biome-ignore lint/suspicious/noExplicitAny: tests read answers to a plain text by the shape of the query beside them
export type Answered<Data = any> = { data: Data; errors: GraphQLFormattedError[]; extensions: Record<string, unknown> };

/** An answer in which nothing is null, as it is where every store answers. */
export type Whole<Data> = Data extends (infer Item)[]
  ? Whole<Item>[]
  : Data extends object
    ? { [Field in keyof Data]: Whole<NonNullable<Data[Field]>> }
    : NonNullable<Data>;

export interface AskOptions<Variables = object> {
  variables?: Variables;
  /** Bearer token; none for a visitor. */
  token?: string;
  headers?: Record<string, string>;
  /** Another gateway than the test stack's. */
  url?: string;
}

/** A text, or an operation of `schema/operations`, which knows its variables and its answer. */
type Query<Data, Variables> = string | TypedDocumentString<Data, Variables>;

/** Asks the gateway over HTTP, as a frontend does. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export async function ask<Data = any, Variables = any>(
  query: Query<Data, Variables>,
  { variables, token, headers, url = endpoint }: AskOptions<NoInfer<Variables>> = {},
): Promise<Answered<Data>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ query: query.toString(), variables }),
  });
  const { data = null, errors = [], extensions = {} } = (await response.json()) as Partial<Answered>;
  return { data, errors, extensions };
}

/** Asks, and fails with the errors where there are any. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export async function askWhole<Data = any, Variables = any>(
  query: Query<Data, Variables>,
  options?: AskOptions<NoInfer<Variables>>,
): Promise<Data> {
  const { data, errors } = await ask(query, options);
  if (errors.length > 0) throw new Error(`unexpected errors: ${JSON.stringify(errors, null, 2)}`);
  return data;
}

/** Logs in and gives the bearer token. */
export async function login({ email, password }: { email: string; password: string }, url?: string): Promise<string> {
  const data = await askWhole(LoginDocument, { variables: { input: { email, password } }, url });
  if (!data.login) throw new Error(`${email} cannot log in`);
  return data.login.token;
}

/** A new account of a test's own, logged in. */
export async function newUser(name = 'Test Person') {
  const input = { email: `${randomUUID()}@streamshop.example`, name, password: randomUUID() };
  const data = await askWhole(
    'mutation ($input: SignUpInput!) { signUp(input: $input) { user { id } event { id } } }',
    {
      variables: { input },
    },
  );
  return {
    id: data.signUp.user.id as string,
    eventId: data.signUp.event.id as string,
    ...input,
    token: await login(input),
  };
}

/** The input of one watch, valid unless a test says otherwise. */
export const watchInput = (overrides: Partial<RecordWatchInput> = {}): RecordWatchInput => ({
  movieId: 'm102',
  action: 'PLAY',
  positionSeconds: 0,
  durationSeconds: 0,
  device: 'WEB',
  quality: 'HD',
  idempotencyKey: randomUUID(),
  ...overrides,
});

/** As text, for those who send it in a way of their own. */
export const recordWatchMutation: string = RecordWatchDocument.toString();

/** Records a watch through the graph and gives the event's id. */
export async function recordWatch(token: string, overrides: Partial<RecordWatchInput> = {}): Promise<string> {
  const variables = { input: watchInput(overrides) };
  const { recordWatch } = await askWhole(RecordWatchDocument, { token, variables });
  if (!recordWatch) throw new Error('the watch was not recorded');
  return recordWatch.event.id;
}

/** Begins or ceases to follow and gives the event's id. */
export async function follow(token: string, userId: string, { mutation = 'follow' } = {}): Promise<string> {
  const query = `mutation ($input: FollowInput!) { answer: ${mutation}(input: $input) { event { id } } }`;
  const { answer } = await askWhole(query, { token, variables: { input: { userId } } });
  return answer.event.id;
}

/** Likes a post, movie or tag, or takes it back, and gives the event's id. */
export async function like(
  token: string,
  target: { kind: 'POST' | 'MOVIE' | 'TAG'; targetId: string },
  { mutation = 'like' } = {},
): Promise<string> {
  const query = `mutation ($input: LikeInput!) { answer: ${mutation}(input: $input) { event { id } } }`;
  const { answer } = await askWhole(query, { token, variables: { input: target } });
  return answer.event.id;
}

/** Writes a post through the graph and gives its id and the event's. */
export async function createPost(token: string, overrides: object = {}): Promise<{ id: string; eventId: string }> {
  const input = { title: 'A title', body: 'A body.', tags: ['test'], idempotencyKey: randomUUID(), ...overrides };
  const query = 'mutation ($input: CreatePostInput!) { createPost(input: $input) { post { id } event { id } } }';
  const { createPost: created } = await askWhole(query, { token, variables: { input } });
  return { id: created.post.id, eventId: created.event.id };
}

/** Comments on a post through the graph and gives the event's id. */
export async function addComment(token: string, postId: string, body = 'A comment.'): Promise<string> {
  const query = 'mutation ($input: AddCommentInput!) { addComment(input: $input) { event { id } } }';
  const input = { postId, body, idempotencyKey: randomUUID() };
  return (await askWhole(query, { token, variables: { input } })).addComment.event.id;
}

/** Reports a minute of playback through the graph; there is no event to follow. */
export async function reportPlayback(token: string, overrides: object = {}): Promise<void> {
  const input = {
    ...{ movieId: 'm102', region: 'eu-west', cdnNode: 'eu-west-1', bufferingCount: 0, averageBitrateKbps: 5_000 },
    ...{ measuredAt: new Date().toISOString(), ...overrides },
  };
  const query = 'mutation ($input: ReportPlaybackInput!) { reportPlayback(input: $input) { accepted } }';
  await askWhole(query, { token, variables: { input } });
}

/** Opens a post through the graph; there is no event to follow. */
export async function recordPostView(token: string, postId: string): Promise<void> {
  const query = 'mutation ($input: RecordPostViewInput!) { recordPostView(input: $input) { accepted } }';
  await askWhole(query, { token, variables: { input: { postId } } });
}

/** Each sink's status for an event, by name. */
export async function sinkStates(eventId: string, token: string): Promise<Record<string, string>> {
  const { data } = await ask(EventDocument, { token, variables: { id: eventId } });
  return Object.fromEntries((data?.event?.sinks ?? []).map(({ name, status }) => [name, status]));
}

/** Waits until every sink that consumes the event has applied it. */
export async function untilApplied(eventId: string, token: string): Promise<void> {
  await until(`every sink has applied ${eventId}`, async () => {
    const states = Object.values(await sinkStates(eventId, token));
    return states.length > 0 && states.every((status) => status === 'APPLIED' || status === 'NOT_CONSUMED');
  });
}

/** Waits for a condition; fails naming it when it has not come true in time. Errors count as not yet. */
export async function until<T>(what: string, condition: () => Promise<T>, withinMs = 30_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      last = await condition();
      if (last) return last as NonNullable<T>;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}; last: ${last}`);
    await delay(50);
  }
}
