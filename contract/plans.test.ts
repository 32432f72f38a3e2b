import { expect, test } from 'vitest';
import { composeSupergraph } from '../gateway/supergraph.ts';
import { readSupergraph } from './api.ts';
import { checkPlans, planOperations } from './plans.ts';
import { operationOf, roomsOf } from './testing.ts';

const supergraph = readSupergraph(
  composeSupergraph(
    roomsOf({
      entry: 'type Query { movie(id: ID!): Movie } type Movie @key(fields: "id") { id: ID! }',
      postgres: 'type Movie @key(fields: "id") { id: ID! title: String }',
      redis: 'type Movie @key(fields: "id") { id: ID! viewCount: Int }',
      neo4j: `type Movie @key(fields: "id") { id: ID! friends: [User!] }
        type User @key(fields: "id", resolvable: false) { id: ID! }`,
      cassandra: 'type User @key(fields: "id") { id: ID! name: String }',
    }),
  ),
);
const planned = (fields: string) =>
  planOperations(supergraph, [operationOf(`query Page { movie(id: 1) { ${fields} } }`)], new Set(['entry']));

/** What is said when an operation changes from one selection to another. */
function changing(from: string, to: string): string[] {
  const snapshots = new Map(planned(from).map(({ file, text }) => [file, text]));
  return checkPlans(planned(to), snapshots).map(({ level, message }) => `${level}: ${message}`);
}

test('a plan is a readable file with what it costs', () => {
  const [plan] = planned('title');
  expect(plan).toMatchObject({ file: 'schema/plans/Page.plan.txt', fetches: 2, storeRounds: 1 });
  expect(plan?.text).toContain('\nfetches: 2\nsequential store rounds: 1\n\nQueryPlan {\n');
  expect(plan?.text).toContain('Fetch(service: "postgres")');
});

test('a plan that is as its snapshot says nothing', () => {
  expect(changing('title', 'title')).toEqual([]);
});

test('fetches that grow are an error', () => {
  expect(changing('title', 'title viewCount')).toEqual(['error: Page costs more: 3 fetches where there were 2.']);
});

test('store rounds that grow are an error, even with no more fetches', () => {
  expect(changing('title viewCount', 'friends { name }')).toEqual([
    'error: Page costs more: 2 sequential store rounds where there were 1.',
  ]);
});

test('a plan that changed at no more cost is a stale snapshot', () => {
  const stale = ['error: Page is planned differently, at no more cost.'];
  expect(changing('title', 'viewCount')).toEqual(stale);
  expect(changing('title viewCount', 'title')).toEqual(stale);
});

test('an operation without a snapshot, and a snapshot without an operation', () => {
  expect(checkPlans(planned('title'), new Map())).toMatchObject([
    { level: 'error', message: 'The plan of Page has no snapshot.' },
  ]);
  expect(checkPlans([], new Map([['schema/plans/old.plan.txt', '']]))).toMatchObject([
    { level: 'error', message: 'schema/plans/old.plan.txt is the plan of no operation.' },
  ]);
});

test('a snapshot without its numbers asks to be taken again', () => {
  const [plan] = planned('title');
  if (!plan) throw new Error('never');
  const snapshots = new Map([[plan.file, plan.text.replace(/^fetches: .*$/m, '')]]);
  expect(checkPlans([plan], snapshots)).toMatchObject([{ message: 'Page costs more: 2 fetches where there were 0.' }]);
});
