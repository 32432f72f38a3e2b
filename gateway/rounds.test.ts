import { setImmediate as turn } from 'node:timers/promises';
import type { QueryPlan } from '@apollo/query-planner';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fetchKey } from './request.ts';
import { type Rounds, startRounds } from './rounds.ts';

// However long the machine takes for a turn, no time passes but what a test says.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const turns = async () => {
  for (let n = 0; n < 5; n += 1) await turn();
};

const fetch = (serviceName: string) => ({
  kind: 'Fetch',
  serviceName,
  operation: `{ ${serviceName} }`,
  operationKind: 'query',
});
const at = (path: string, serviceName: string) => ({
  kind: 'Flatten',
  path: path.split('.'),
  node: fetch(serviceName),
});
const sequence = (...nodes: object[]) => ({ kind: 'Sequence', nodes });
const parallel = (...nodes: object[]) => ({ kind: 'Parallel', nodes });
const planOf = (node: object) => ({ kind: 'QueryPlan', node }) as unknown as QueryPlan;
const key = (subgraph: string, path = '') =>
  fetchKey({ subgraph, operation: `{ ${subgraph} }`, path: path.split('.').filter(Boolean) });

/** Two lists, from two stores, whose titles come from a third. */
const twoLists = planOf(
  sequence(
    fetch('entry'),
    parallel(
      sequence(at('similar', 'qdrant'), at('similar.movie', 'postgres')),
      sequence(at('related', 'elasticsearch'), at('related.movie', 'postgres')),
    ),
  ),
);

const roundsOf = (plan: QueryPlan) => startRounds(plan, new Set(['entry'])) as Rounds;

/** Begins a fetch, and tells whether it has begun. */
function beginning(rounds: Rounds, of: string) {
  const began = { now: false, end: () => {} };
  void rounds.begin(of, true).then((end) => Object.assign(began, { now: true, end }));
  return began;
}

test('a plan that asks each store once a round has nothing to wait for', () => {
  const plan = planOf(sequence(fetch('postgres'), parallel(at('movie', 'redis'), at('movie.related', 'postgres'))));
  expect(startRounds(plan, new Set())).toBeUndefined();
});

test('the first of a round waits for the other, whose list comes later', async () => {
  const rounds = roundsOf(twoLists);
  const [similar, related] = [
    beginning(rounds, key('qdrant', 'similar')),
    beginning(rounds, key('elasticsearch', 'related')),
  ];
  await turn();
  expect([similar.now, related.now]).toEqual([true, true]);
  similar.end();
  const first = beginning(rounds, key('postgres', 'similar.movie'));
  await turns();
  expect(first.now).toBe(false);
  related.end();
  const second = beginning(rounds, key('postgres', 'related.movie'));
  await turns();
  expect([first.now, second.now]).toEqual([true, true]);
});

test('it waits no longer for one whose list is empty', async () => {
  const rounds = roundsOf(twoLists);
  const [similar, related] = [
    beginning(rounds, key('qdrant', 'similar')),
    beginning(rounds, key('elasticsearch', 'related')),
  ];
  await turn();
  similar.end();
  const first = beginning(rounds, key('postgres', 'similar.movie'));
  related.end();
  await turns();
  expect(first.now).toBe(true);
});

test('a store that hangs holds up nobody for long', async () => {
  const rounds = roundsOf(twoLists);
  const [similar] = [beginning(rounds, key('qdrant', 'similar')), beginning(rounds, key('elasticsearch', 'related'))];
  await turn();
  similar.end();
  const first = beginning(rounds, key('postgres', 'similar.movie'));
  vi.advanceTimersByTime(199);
  await turns();
  expect(first.now).toBe(false);
  vi.advanceTimersByTime(1);
  await turns();
  expect(first.now).toBe(true);
});

test('a later round of a store is not held up by an earlier one', async () => {
  const rounds = roundsOf(
    planOf(
      parallel(
        sequence(at('a', 'redis'), at('a.b', 'postgres')),
        sequence(at('c', 'redis'), at('c.d', 'neo4j'), at('c.d.e', 'postgres')),
      ),
    ),
  );
  const [a, c] = [beginning(rounds, key('redis', 'a')), beginning(rounds, key('redis', 'c'))];
  await turns();
  expect([a.now, c.now]).toEqual([true, true]);
  a.end();
  const early = beginning(rounds, key('postgres', 'a.b'));
  await turn();
  expect(early.now).toBe(true);
});

test('a fetch behind HTTP waits for nobody, and is waited for by nobody once it has come', async () => {
  const rounds = roundsOf(twoLists);
  const [similar, related] = [
    beginning(rounds, key('qdrant', 'similar')),
    beginning(rounds, key('elasticsearch', 'related')),
  ];
  await turns();
  similar.end();
  let hasBegun = false;
  void rounds.begin(key('postgres', 'similar.movie'), false).then(() => {
    hasBegun = true;
  });
  await turns();
  expect(hasBegun).toBe(true);
  related.end();
  const second = beginning(rounds, key('postgres', 'related.movie'));
  await turns();
  expect(second.now).toBe(true);
});
