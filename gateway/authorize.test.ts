import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';
import { expect, test } from 'vitest';
import { guard } from './authorize.ts';
import { createRequest, roomContext } from './context.ts';
import { codedError } from './errors.ts';
import type { Viewer } from './request.ts';

const asked: string[] = [];
const answer = (name: string) => () => {
  asked.push(name);
  return name;
};
const schema = guard(
  buildSubgraphSchema({
    typeDefs: parse(`
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated", "@requiresScopes"])
      type Query { open: String  own: String @authenticated  report: String @requiresScopes(scopes: [["analytics"], ["admin", "audit"]]) vault: Vault }
      type Vault @authenticated { gold: String }
    `),
    resolvers: {
      Query: { open: answer('open'), own: answer('own'), report: answer('report'), vault: () => ({}) },
      Vault: { gold: answer('gold') },
    },
  }),
);

async function ask(source: string, find: () => Promise<Viewer | null>) {
  asked.length = 0;
  const sessions = { create: async () => '', find, end: async () => {} };
  const request = createRequest({ token: 'token', sessions, timeoutMs: 1_000 });
  const { data, errors } = await graphql({
    schema,
    source,
    contextValue: roomContext(request, { name: 'r', store: null }),
  });
  return { data, codes: Object.fromEntries((errors ?? []).map((e) => [e.path?.join('.'), e.extensions.code])) };
}
const viewer =
  (...scopes: string[]) =>
  async () => ({ userId: 'u1', scopes });

test('a visitor gets the open fields, and the guarded ones are not even asked', async () => {
  const { data, codes } = await ask('{ open own report vault { gold } }', async () => null);
  expect(data).toEqual({ open: 'open', own: null, report: null, vault: { gold: null } });
  expect(codes).toEqual({ own: 'UNAUTHENTICATED', report: 'UNAUTHENTICATED', 'vault.gold': 'UNAUTHENTICATED' });
  expect(asked).toEqual(['open']);
});

test('scopes: all of one set are needed', async () => {
  expect((await ask('{ report own }', viewer('admin'))).codes).toEqual({ report: 'FORBIDDEN' });
  expect((await ask('{ report }', viewer('admin', 'audit'))).data).toEqual({ report: 'report' });
  expect((await ask('{ report vault { gold } }', viewer('analytics'))).data).toEqual({
    report: 'report',
    vault: { gold: 'gold' },
  });
});

test('with the session store dead, fields that need the viewer say so rather than "log in"', async () => {
  const dead = async () => {
    throw codedError('STORE_UNAVAILABLE', 'redis cannot be reached.', { store: 'redis' });
  };
  expect((await ask('{ open own }', dead)).codes).toEqual({ own: 'STORE_UNAVAILABLE' });
});
