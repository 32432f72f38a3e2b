import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from '../config.ts';
import { generateFolder } from '../import/testing.ts';
import { isAlive } from '../stack/proc.ts';
import { readRecords } from '../stack/record.ts';
import { alice, ask, askWhole, login, until } from './harness.ts';

// What a new user does, on ports and data of its own beside the test stack.
const home = mkdtempSync(join(tmpdir(), 'streamshop-start-'));
const portOffset = 1_000;
const url = `http://127.0.0.1:${4_000 + portOffset}/graphql`;
const started: ChildProcess[] = [];

afterAll(async () => {
  for (const child of started) child.kill('SIGTERM');
  await until('all is stopped', async () => running().length === 0);
  rmSync(home, { recursive: true });
});

const env = {
  ...process.env,
  STREAMSHOP_HOME: home,
  STREAMSHOP_PORT_OFFSET: String(portOffset),
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
};

/** Starts the whole system as `npm start` does, and gives what it prints. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [join(root, 'stack', 'start.ts'), '--size', 'test', ...args], { env });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const exitCode = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const hasSaid = (text: string) => until(`it says ${text}`, async () => output.includes(text), 420_000);
  return { child, exitCode, hasSaid, output: () => output };
}

const running = () => readRecords(home).filter(isAlive);

test('a first start without a store, Ctrl-C, and a warm start with it', { timeout: 900_000 }, async () => {
  const first = start('--without', 'neo4j,qdrant');
  await first.hasSaid('Ctrl-C stops everything.');
  for (const text of [
    `StreamShop answers at ${url}`,
    'alice@streamshop.example / demo-alice-1',
    'bob@streamshop.example / demo-bob-2',
    'query MoviePage($id: ID!)',
    'On the first movie page: neo4j is switched off here.',
    'On the first movie page: qdrant is switched off here.',
    /First start to the first movie page: \d+ s \(limit 600 s\)\. Resident memory: [\d.]+ GB \(limit 4\.5 GB\)/,
  ]) {
    expect(first.output()).toMatch(text);
  }
  const token = /Authorization: Bearer (?<token>\S+)/.exec(first.output())?.groups?.token;
  expect(first.output().match(/qdrant is switched off/g)).toHaveLength(1);
  expect(await askWhole('{ me { id name } }', { url, token })).toEqual({ me: { id: alice.id, name: 'Alice' } });
  const off = await ask('{ movie(id: "m101") { title similar { score } friendsWhoWatched { id } } }', { url, token });
  expect(off.data).toEqual({ movie: { title: 'Inception', similar: null, friendsWhoWatched: null } });
  const codes = off.errors.map(({ path, extensions }) => [
    path?.[1],
    extensions?.code,
    extensions?.store,
    extensions?.retryable,
  ]);
  expect(codes.sort()).toEqual([
    ['friendsWhoWatched', 'STORE_UNAVAILABLE', 'neo4j', false],
    ['similar', 'STORE_UNAVAILABLE', 'qdrant', false],
  ]);

  first.child.kill('SIGINT');
  expect(await first.exitCode).toBe(0);
  expect(first.output()).toContain('Everything is stopped.');
  expect(running()).toEqual([]);

  const second = start();
  await second.hasSaid('Ctrl-C stops everything.');
  expect(second.output()).toContain('the demo data (test) is there already');
  expect(second.output()).toMatch(/Warm start to the first movie page: \d+ s \(limit 75 s\)/);
  // The stores that were left out fill themselves from Kafka.
  const hers = await login(alice, url);
  const query = '{ movie(id: "m101") { similar { score } friendsWhoWatched { id } } fanout { sinks { lag } } }';
  await until('Neo4j and Qdrant have caught up', async () => {
    const { movie, fanout } = await askWhole(query, { url, token: hers });
    const { similar, friendsWhoWatched } = movie;
    const isBehind = fanout.sinks.some(({ lag }: { lag: number }) => lag > 0);
    return !isBehind && similar.length > 0 && friendsWhoWatched.length > 0;
  });

  const third = start();
  expect(await third.exitCode).toBe(1);
  expect(third.output()).toMatch(/already running \(pid \d+\)\. See it: .* Stop it: /);

  second.child.kill('SIGINT');
  expect(await second.exitCode).toBe(0);
  expect(running()).toEqual([]);
});

test('a start on real data has its films, its watches and the two logins', { timeout: 900_000 }, async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'streamshop-movielens-')), 'ml');
  const numbers = { films: 60, users: 20, ratings: 400 };
  const { films, watches } = generateFolder({ folder, seed: 'start', ...numbers, now: new Date(), hasBadRows: true });
  execFileSync(process.execPath, [join(root, 'stack', 'cli.ts'), 'reset', '--yes'], { env });
  const imported = start('--import', folder);
  await imported.hasSaid('Ctrl-C stops everything.');
  expect(imported.output()).toMatch(/ratings\.csv:\d+: /);
  const movieId = /with variables \{"id": "(?<id>ml\d+)"\}/.exec(imported.output())?.groups?.id;
  const { movie, movies } = await askWhole(
    `query ($id: ID!) { movie(id: $id) { title viewCount related { id } similar { movie { id } } }
      movies(first: 100) { edges { node { id } } } }`,
    { url, token: await login(alice, url), variables: { id: movieId } },
  );
  expect(movie.title).toBe(films.find(({ id }) => id === movieId)?.title);
  expect(movie.viewCount).toBe(watches.filter((watch) => watch.movieId === movieId).length);
  expect(movie.related.length * movie.similar.length).toBeGreaterThan(0);
  expect(movies.edges.map(({ node }: { node: { id: string } }) => node.id).sort()).toEqual(
    films.map(({ id }) => id).sort(),
  );
  imported.child.kill('SIGINT');
  expect(await imported.exitCode).toBe(0);
  rmSync(dirname(folder), { recursive: true });
});

test('Ctrl-C in the middle of a start leaves nothing running', async () => {
  const interrupted = start();
  await until('some servers run', async () => running().length > 2);
  interrupted.child.kill('SIGINT');
  expect(await interrupted.exitCode).toBe(0);
  expect(running()).toEqual([]);
});

test('what cannot be left out, and what is not there, is told in one line', async () => {
  const refused = start('--without', 'kafka');
  expect(await refused.exitCode).toBe(1);
  expect(refused.output().trim()).toBe('postgres and kafka carry every write and cannot be left out');
  const unknown = start('--without', 'oracle');
  expect(await unknown.exitCode).toBe(1);
  expect(unknown.output().trim()).toMatch(/^there is no server oracle; there are cassandra, .*s3$/);
});
