import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveExplorer } from './explorer.ts';

let folder: string;
beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'explorer-')), 'built');
});
afterAll(() => rm(join(folder, '..'), { recursive: true }));

async function served() {
  const http = fastify();
  await serveExplorer(http, folder);
  return { http, [Symbol.asyncDispose]: () => http.close() };
}

test('while it is not built it says what to do, and serves as soon as it is', async () => {
  await using gateway = await served();
  const early = await gateway.http.inject('/explorer/');
  expect(early.statusCode).toBe(503);
  expect(early.body).toContain('npm start');

  await mkdir(join(folder, 'assets'), { recursive: true });
  await writeFile(join(folder, 'index.html'), '<!doctype html>');
  await writeFile(join(folder, 'assets', 'index-abc.js'), '');
  const later = await gateway.http.inject('/explorer/');
  expect(later.statusCode).toBe(200);
});

describe('once built', () => {
  test('the page is asked for anew each time, what has its hash in its name never again', async () => {
    await using gateway = await served();
    const page = await gateway.http.inject('/explorer/');
    const asset = await gateway.http.inject('/explorer/assets/index-abc.js');
    expect(page.headers['cache-control']).toBe('no-cache');
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  });

  test('the page may load and ask nothing but its own origin', async () => {
    await using gateway = await served();
    const { headers } = await gateway.http.inject('/explorer/');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src|connect-src/);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('without its slash the address leads there', async () => {
    await using gateway = await served();
    const { statusCode, headers } = await gateway.http.inject('/explorer');
    expect([statusCode, headers.location]).toEqual([302, '/explorer/']);
  });

  test('what is not there is 404, and nothing outside of the folder is served', async () => {
    await using gateway = await served();
    for (const url of ['/explorer/assets/none.js', '/explorer/../package.json', '/explorer/%2e%2e/%2e%2e/etc/passwd']) {
      expect((await gateway.http.inject(url)).statusCode, url).toBe(404);
    }
  });
});
