import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoreCall } from '../../gateway/seam.ts';
import { callsDuring } from '../../gateway/testing.ts';
import { type MediaItem, putMedia } from './commands.ts';
import type { MediaKind } from './media.ts';
import { mediaOf } from './queries.ts';
import { openOwnBuckets } from './testing.ts';

const viewer = { userId: 'u1', scopes: [] };
const svg = '<svg xmlns="http://www.w3.org/2000/svg"><title>Möbius</title></svg>';
const mp4 = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256);
let room: Awaited<ReturnType<typeof openOwnBuckets>>;

beforeAll(async () => {
  room = await openOwnBuckets();
  await putMedia(room.store, [
    { kind: 'poster', movieId: 'both', body: svg },
    { kind: 'video', movieId: 'both', body: mp4 },
    { kind: 'poster', movieId: 'poster-only', body: svg },
  ]);
});
afterAll(() => room?.[Symbol.asyncDispose]());

const source = `query ($movies: [_Any!]!, $seconds: Int! = 3600) {
  _entities(representations: $movies) { ... on Movie { id posterUrl streamingUrl(expiresInSeconds: $seconds) } }
}`;
interface Urls {
  id: string;
  posterUrl: string | null;
  streamingUrl: string | null;
}

async function urlsOf(ids: readonly string[], options: { seconds?: number } = {}): Promise<Urls[]> {
  const variables = { movies: ids.map((id) => ({ __typename: 'Movie', id })), ...options };
  const { data, errors } = await room.execute(source, { viewer, variables });
  expect(errors).toBeUndefined();
  return JSON.parse(JSON.stringify(data))._entities;
}

test('gives URLs of what exists, and null for what does not', async () => {
  const [both, posterOnly, none] = await urlsOf(['both', 'poster-only', 'none']);
  expect(both).toEqual({ id: 'both', posterUrl: expect.any(String), streamingUrl: expect.any(String) });
  expect(posterOnly).toEqual({ id: 'poster-only', posterUrl: expect.any(String), streamingUrl: null });
  expect(none).toEqual({ id: 'none', posterUrl: null, streamingUrl: null });

  const poster = await fetch(both?.posterUrl ?? '');
  expect(poster.headers.get('content-type')).toBe('image/svg+xml');
  expect(poster.headers.get('cache-control')).toBe('private, max-age=3600');
  expect(await poster.text()).toBe(svg);
});

test('an id that leads elsewhere has no media', async () => {
  const ids = ['', '.', '..', '../movies/both', 'both/', 'x'.repeat(10_000), 'ü'];
  const none = ids.map((id) => ({ id, posterUrl: null, streamingUrl: null }));
  expect(await urlsOf(ids)).toEqual(none);
  expect(await callsDuring(() => mediaOf(room.store, ids))).toEqual([]);
  await expect(putMedia(room.store, [{ kind: 'poster', movieId: '../both', body: svg }])).rejects.toThrow(TypeError);
});

test('a player can read any range of the video, from any origin', async () => {
  const [movie] = await urlsOf(['both']);
  const url = movie?.streamingUrl ?? '';
  const origin = 'http://localhost:3000';

  const part = await fetch(url, { headers: { range: 'bytes=70000-70099', origin } });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-range')).toBe('bytes 70000-70099/100000');
  expect(part.headers.get('content-type')).toBe('video/mp4');
  expect(part.headers.get('access-control-allow-origin')).toMatch(/^(\*|http:\/\/localhost:3000)$/);
  expect(new Uint8Array(await part.arrayBuffer())).toEqual(mp4.slice(70_000, 70_100));

  const tail = await fetch(url, { headers: { range: 'bytes=-10' } });
  expect(new Uint8Array(await tail.arrayBuffer())).toEqual(mp4.slice(-10));

  const wanted = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'range' };
  const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin, ...wanted } });
  expect(preflight.status).toBe(200);
  expect(preflight.headers.get('access-control-allow-headers')).toMatch(/range/i);
});

test('a URL cannot be turned into another, nor be used unsigned', async () => {
  const [movie] = await urlsOf(['both'], { seconds: 60 });
  const url = movie?.streamingUrl ?? '';
  expect(url).toContain('X-Amz-Expires=60&');
  for (const altered of [
    url.replace('video.mp4', 'poster.svg'),
    url.replace('X-Amz-Expires=60&', 'X-Amz-Expires=600&'),
    url.replace(/\?.*/, ''),
  ]) {
    expect(altered).not.toBe(url);
    expect((await fetch(altered)).status).toBe(403);
  }
  expect((await fetch(url, { method: 'PUT', body: 'mine' })).status).toBe(403);
});

test('a URL ends when it expires', async () => {
  const url = await room.store.sign('movies/both/video.mp4', 1);
  const status = async () => {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.status;
  };
  await expect.poll(status, { timeout: 5_000, interval: 200 }).toBe(403);
});

test.each([59, 86_401])('refuses %i seconds, naming the argument', async (seconds) => {
  const variables = { movies: [{ __typename: 'Movie', id: 'both' }], seconds };
  const { errors } = await room.execute(source, { viewer, variables });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['expiresInSeconds'] });
});

test('a visitor sees the poster, and no stream', async () => {
  const variables = { movies: [{ __typename: 'Movie', id: 'both' }] };
  const { data, errors } = await room.execute(source, { variables });
  expect(JSON.parse(JSON.stringify(data))._entities).toEqual([
    { id: 'both', posterUrl: expect.any(String), streamingUrl: null },
  ]);
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
});

test('uploads are repeatable, and many movies are asked about in one call', async () => {
  const ids = Array.from({ length: 50 }, (_, index) => `many${index}`);
  const items: MediaItem[] = ids.flatMap((movieId) => [
    { movieId, kind: 'poster', body: `<svg id="${movieId}"/>` },
    { movieId, kind: 'video', body: mp4.slice(0, 100) },
  ]);
  expect(await putMedia(room.store, items)).toBe(100);
  expect(await callsDuring(async () => expect(await putMedia(room.store, items)).toBe(0))).toHaveLength(1);
  const changed = items.map((item, index) => (index === 3 ? { ...item, body: 'new' } : item));
  expect(await putMedia(room.store, changed)).toBe(1);

  let urls: Urls[] = [];
  const calls = await callsDuring(async () => {
    urls = await urlsOf(ids);
  });
  expect(calls).toHaveLength(1);
  expect(urls.every(({ posterUrl, streamingUrl }) => posterUrl && streamingUrl)).toBe(true);
  const [first, last] = [urls[0], urls.at(-1)];
  expect(await (await fetch(first?.posterUrl ?? '')).text()).toBe('<svg id="many0"/>');
  expect(await (await fetch(last?.posterUrl ?? '')).text()).toBe('<svg id="many49"/>');
});

const startsOf = (calls: readonly StoreCall[]) =>
  calls.map(({ parameters }) => (parameters as { startAfter: string }).startAfter);

test('movies far apart are found in several pages, without listing all that lies between', async () => {
  const item = (movieId: string, kind: MediaKind): MediaItem => ({ movieId, kind, body: '<svg/>' });
  const between = Array.from({ length: 550 }, (_, index) => `far-5-${String(index).padStart(3, '0')}`);
  const both = between.flatMap((id) => [item(id, 'poster'), item(id, 'video')]);
  await putMedia(room.store, [item('far-0', 'poster'), ...both, item('far-9', 'poster')]);
  const has = { poster: expect.any(String), video: expect.any(String) };

  let calls = await callsDuring(async () => {
    const media = await mediaOf(room.store, ['far-9', 'far-7', 'far-0']);
    expect(media).toEqual([
      { ...has, video: null },
      { poster: null, video: null },
      { ...has, video: null },
    ]);
  });
  expect(startsOf(calls)).toEqual(['movies/far-0/', 'movies/far-7/']);

  // The first page's thousandth key is a wanted movie's poster, and its video comes on the next.
  calls = await callsDuring(async () => {
    expect(await mediaOf(room.store, ['far-0', 'far-5-499', 'far-9'])).toEqual([
      { ...has, video: null },
      has,
      { ...has, video: null },
    ]);
  });
  expect(startsOf(calls)).toEqual(['movies/far-0/', 'movies/far-5-499/poster.svg']);
}, 30_000);
