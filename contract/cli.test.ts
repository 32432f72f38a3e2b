import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../config.ts';
import { eventsPath } from './paths.ts';

/** A copy of the project, without its history. */
let copy: string;

const folders = ['contract', 'fanout', 'gateway', 'schema', 'stack', 'subgraphs'];
const files = ['.gitignore', 'biome.json', 'config.ts', 'package.json', 'supergraph.yaml'];

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'streamshop-contract-'));
  for (const each of [...folders, ...files]) cpSync(join(root, each), join(copy, each), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true }));

const contract = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['contract/cli.ts', ...args], {
    ...{ cwd: copy, encoding: 'utf8' },
    // Set, it colours what goes to no terminal as well.
    env: { ...process.env, FORCE_COLOR: undefined },
  });
  return { status, stdout, stderr };
};
const change = (path: string, from: string, to: string) => {
  const text = readFileSync(join(copy, path), 'utf8');
  expect(text).toContain(from);
  writeFileSync(join(copy, path), text.replace(from, to));
};

test('--help says what there is', () => {
  const { status, stdout } = contract('--help');
  expect(status).toBe(0);
  for (const option of ['update', '--base', '--json', '--annotations']) expect(stdout).toContain(option);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

test.for([['frobnicate'], ['update', 'now'], ['--frobnicate'], ['--base', 'HEAD']])('%s: exit code 2', (args) => {
  const { status, stdout, stderr } = contract(...args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).not.toContain('    at ');
});

test('a change that hurts ends in exit code 1, is told to people and programs, and is taken in by update', () => {
  const gain = '  device: z.string().optional(),\n';
  change('schema/operations/movie-page.graphql', 'trendingMovies(first: 5) {', 'trendingMovies(first: 6) {');
  change('schema/events/post.ts', '  viewedAt: z.iso.datetime(),\n', `  viewedAt: z.iso.datetime(),\n${gain}`);
  mkdirSync(join(copy, 'schema/operations/app'));
  writeFileSync(join(copy, 'schema/operations/app/again.graphql'), 'query Again { movie(id: "m101") { title } }');
  const report = join(copy, 'report.json');
  const broken = contract('--json', report, '--annotations');
  expect(broken.status).toBe(1);
  expect(broken.stdout).toContain('Compared with nothing: this is no git repository with a commit.');
  expect(broken.stdout).toContain('✗ MoviePage is planned differently, at no more cost.');
  expect(broken.stdout).toMatch(/^::error file=schema\/plans\/movie-page\.plan\.txt,title=no operation costs more/m);
  expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ holds: false });

  expect(contract('update').stdout).toBe(
    'Wrote schema/plans/app/again.plan.txt, schema/plans/movie-page.plan.txt, schema/events/events.json.\n',
  );
  // As Biome wants it.
  const events = readFileSync(join(copy, eventsPath), 'utf8');
  expect(events).toContain('"required": ["postId", "userId", "viewedAt"]');
  expect(JSON.parse(events).types['post.viewed'].data.properties.device).toEqual({ type: 'string' });
  expect(contract()).toMatchObject({ status: 0, stderr: '' });

  // What has been gained is held, by update as well.
  change('schema/events/post.ts', gain, '');
  expect(contract('update').stdout).toBe('All was fresh.\n');
  expect(readFileSync(join(copy, eventsPath), 'utf8')).toBe(events);
}, 180_000);
