import { expect } from 'vitest';
import {
  addComment,
  askWhole,
  createPost,
  follow,
  like,
  newUser,
  recordPostView,
  recordWatch,
  until,
  untilApplied,
} from './harness.ts';

type User = Awaited<ReturnType<typeof newUser>>;

/** Vera, whose homepage it is, with something in each of its parts; Ada writes, Fritz is followed by her as well, Sam is followed by both of these. */
export interface Home {
  vera: User;
  ada: User;
  fritz: User;
  sam: User;
  /** Ada's. */
  posts: { older: string; newer: string };
  /** Attached to the newer one. */
  uploadId: string;
}

export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

/** Calls a mutation with one input, and gives its event's id. */
export async function mutate(token: string, name: string, input: object): Promise<string> {
  const inputType =
    { block: 'BlockInput', unblock: 'BlockInput' }[name] ?? `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const query = `mutation ($input: ${inputType}!) { answer: ${name}(input: $input) { event { id } } }`;
  return (await askWhole(query, { token, variables: { input } })).answer.event.id;
}

/** Uploads a picture as a browser would, past the gateway. */
export async function upload(token: string): Promise<string> {
  const query = `mutation ($input: CreateUploadInput!) {
    createUpload(input: $input) { upload { id } putUrl headers { name value } } }`;
  const variables = { input: { contentType: 'image/png', sizeBytes: png.length } };
  const { createUpload } = await askWhole(query, { token, variables });
  const headers = Object.fromEntries(
    createUpload.headers.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  const put = await fetch(createUpload.putUrl, { method: 'PUT', headers, body: png });
  expect(put.status).toBe(200);
  return createUpload.upload.id;
}

/** Makes it so, through the graph, and waits until every store shows it. */
export async function settleIn(): Promise<Home> {
  const [vera, ada, fritz, sam] = [
    await newUser('Vera'),
    await newUser('Ada'),
    await newUser('Fritz'),
    await newUser('Sam'),
  ];
  const uploadId = await upload(ada.token);
  const older = await createPost(ada.token, { title: 'Older', body: '<b>Plain</b> text & nothing else' });
  const newer = await createPost(ada.token, {
    title: 'Newer',
    movieId: 'm102',
    attachments: [{ type: 'IMAGE', title: 'A dot', uploadId }],
    poll: { options: ['Yes', 'No'] },
  });
  const events: [User, string][] = [
    [ada, older.eventId],
    [ada, newer.eventId],
    [vera, await follow(vera.token, ada.id)],
    [vera, await follow(vera.token, fritz.id)],
    [ada, await follow(ada.token, sam.id)],
    [fritz, await follow(fritz.token, sam.id)],
    [fritz, await like(fritz.token, { kind: 'POST', targetId: newer.id })],
    [sam, await like(sam.token, { kind: 'POST', targetId: newer.id })],
    [sam, await like(sam.token, { kind: 'TAG', targetId: 'dreams' })],
    [fritz, await recordWatch(fritz.token, { movieId: 'm145' })],
    [vera, await recordWatch(vera.token, { movieId: 'm103' })],
    [
      vera,
      await recordWatch(vera.token, { movieId: 'm103', action: 'PAUSE', positionSeconds: 600, durationSeconds: 600 }),
    ],
    [
      vera,
      await mutate(vera.token, 'updateProfile', {
        bio: 'Likes <i>films</i>.',
        links: [{ title: 'Mine', url: 'https://example.org/vera' }],
        interests: ['dreams', 'space'],
      }),
    ],
    [fritz, await mutate(fritz.token, 'votePoll', { postId: newer.id, option: 1 })],
    [vera, await mutate(vera.token, 'votePoll', { postId: newer.id, option: 0 })],
    [sam, await addComment(sam.token, newer.id)],
  ];
  for (const [{ token }, eventId] of events) await untilApplied(eventId, token);
  await recordPostView(fritz.token, newer.id);
  await until('the view is counted', async () => {
    const { post } = await askWhole('query ($id: ID!) { post(id: $id) { viewCount } }', {
      variables: { id: newer.id },
    });
    return post.viewCount === 1;
  });
  return { vera, ada, fritz, sam, posts: { older: older.id, newer: newer.id }, uploadId };
}
