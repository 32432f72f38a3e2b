import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { patiently } from '../../gateway/guard.ts';
import { openProxy } from '../../test/proxy.ts';
import { createUpload, putMedia, removeUploads } from './commands.ts';
import { findUploads, mediaOf } from './queries.ts';
import { openS3 } from './store.ts';
import { newUploadId } from './upload.ts';

const settings = readSettings().s3;

/** A port with nobody behind it, or with somebody who takes connections and never says a word. */
async function port({ silent }: { silent: boolean }): Promise<AsyncDisposable & { endpoint: string }> {
  const server = createServer((socket) => void socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (!silent) server.close();
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

test('a dead server is STORE_UNAVAILABLE at once', async () => {
  await using dead = await port({ silent: false });
  const store = openS3({ ...settings, endpoint: dead.endpoint });
  const start = performance.now();
  for (const call of [
    () => mediaOf(store, ['m101']),
    () => putMedia(store, [{ kind: 'poster', movieId: 'm101', body: '' }]),
    () => store.ping(),
    () => findUploads(store, [newUploadId('u1')]),
    () => createUpload(store, { userId: 'u1', contentType: 'image/png', sizeBytes: 1 }),
    () => removeUploads(store, [newUploadId('u1')]),
  ]) {
    await expect(call()).rejects.toMatchObject({ extensions: { code: 'STORE_UNAVAILABLE', store: 's3' } });
  }
  expect(performance.now() - start).toBeLessThan(2_000);
  await store.close();
});

test('a server that hangs is STORE_TIMEOUT after the deadline', async () => {
  await using hanging = await port({ silent: true });
  const store = openS3({ ...settings, endpoint: hanging.endpoint, timeoutMs: 200 });
  await expect(mediaOf(store, ['m101'])).rejects.toMatchObject({ extensions: { code: 'STORE_TIMEOUT' } });
  await store.close();
});

test('unused connections are closed before the server closes them, and those in use are kept', async () => {
  const { hostname, port } = new URL(settings.endpoint);
  const server = { host: hostname, port: Number(port) };
  await using unused = await openProxy(server);
  await using slow = await openProxy(server);
  const openBy = ({ address }: { address: string }) => openS3({ ...settings, endpoint: `http://${address}` });
  const [idle, busy] = [openBy(unused), openBy(slow)];
  await Promise.all([idle.ping(), idle.ping(), busy.ping()]);
  expect(unused.connections()).toBe(2);
  slow.freeze();
  const answer = patiently(() => busy.ping());
  await expect.poll(unused.connections, { timeout: 10_000 }).toBe(0);
  await slow.mend();
  await answer;
  await Promise.all([idle.close(), busy.close()]);
});

test('what S3 refuses is STORE_ERROR', async () => {
  const store = openS3({ ...settings, secretAccessKey: 'wrong' });
  await expect(mediaOf(store, ['m101'])).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  await expect(store.ping()).rejects.toMatchObject({ extensions: { code: 'STORE_ERROR' } });
  await store.close();
});
