import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findBase } from './base.ts';

let folder: string;
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], {
    ...{ cwd: folder, encoding: 'utf8', stdio: 'pipe' },
  }).trim();
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const events = { envelope: {}, types: { a: { topic: 'as', data: {} } } };
/** Commits the supergraph with that text, and event types. */
const commit = (text: string) => {
  write('schema/supergraph.graphql', text);
  write('schema/events/events.json', JSON.stringify(events));
  git('add', '.');
  git('commit', '--quiet', '--message', text);
  return git('rev-parse', 'HEAD');
};
const label = (revision: string, name: string) => `${revision.slice(0, 9)}, ${name}`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamshop-base-'));
  git('init', '--quiet', '--initial-branch', 'main');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a clean tree is compared with the parent of HEAD, with all that stood there', () => {
  write('schema/operations/page.graphql', 'query Page { a }');
  write('schema/operations/app/home.graphql', 'query Home { a }');
  write('schema/operations/README.md', 'no operation');
  const first = commit('first');
  commit('second');
  expect(findBase(folder)).toEqual({
    label: label(first, 'the parent of HEAD'),
    supergraph: 'first',
    operations: [
      { file: 'schema/operations/app/home.graphql', text: 'query Home { a }' },
      { file: 'schema/operations/page.graphql', text: 'query Page { a }' },
    ],
    events,
  });
});

test.for(['{"a":{"type":"object"}}', '<<<<<<<', null])(
  'event types as %s are not compared, and that is told',
  (text) => {
    const first = commit('first');
    if (text === null) git('rm', '--quiet', 'schema/events/events.json');
    else write('schema/events/events.json', text);
    git('commit', '--quiet', '--all', '--message', 'other');
    const other = git('rev-parse', 'HEAD');
    expect(findBase(folder, other)).toMatchObject({
      label: `${label(other, other)}; not its event types, since it has no schema/events/events.json of today's form`,
      ...{ supergraph: 'first', events: null },
    });
    expect(findBase(folder, first)).toMatchObject({ events });
  },
);

test.for(['schema/supergraph.graphql', 'schema/operations/new.graphql', 'schema/events/events.json'])(
  'a tree in which %s was changed is compared with HEAD',
  (path) => {
    commit('first');
    const second = commit('second');
    write(path, '{}');
    expect(findBase(folder)).toMatchObject({ label: label(second, 'HEAD'), supergraph: 'second' });
  },
);

test('a branch is compared with where it left the main one', () => {
  const left = commit('left');
  git('checkout', '--quiet', '-b', 'mine');
  commit('mine 1');
  commit('mine 2');
  git('update-ref', 'refs/remotes/origin/main', git('commit-tree', '-p', left, '-m', 'theirs', `${left}^{tree}`));
  expect(findBase(folder)).toMatchObject({
    label: label(left, 'where this branch left origin/main'),
    supergraph: 'left',
  });
});

test('a revision that is given is taken; one that is none is refused', () => {
  const first = commit('first');
  git('tag', 'v1');
  commit('second');
  commit('third');
  expect(findBase(folder, 'v1')).toMatchObject({ label: label(first, 'v1'), supergraph: 'first' });
  expect(() => findBase(folder, 'v2')).toThrow('--base v2: there is no such revision here.');
});

test('where nothing can be compared with, it says why', () => {
  expect(findBase(folder)).toEqual({ none: 'this is no git repository with a commit' });
  const first = commit('first');
  expect(findBase(folder)).toEqual({ none: 'HEAD is the first commit' });
  git('rm', '--quiet', 'schema/supergraph.graphql');
  git('commit', '--quiet', '--message', 'gone');
  const gone = git('rev-parse', 'HEAD');
  commit('again');
  expect(findBase(folder)).toEqual({ none: `${label(gone, 'the parent of HEAD')}, has no schema/supergraph.graphql` });
  expect(findBase(folder, first)).toMatchObject({ supergraph: 'first' });
});

test('a shallow clone of one commit says so', () => {
  commit('first');
  commit('second');
  const origin = folder;
  folder = mkdtempSync(join(tmpdir(), 'streamshop-base-'));
  git('clone', '--quiet', '--depth', '1', `file://${origin}`, '.');
  rmSync(origin, { recursive: true });
  expect(findBase(folder)).toEqual({ none: 'this clone is shallow: fetch one commit more, or give --base' });
});
