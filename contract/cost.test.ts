import type { FetchNode, PlanNode, SubscriptionNode } from '@apollo/query-planner';
import { OperationTypeNode } from 'graphql';
import { expect, test } from 'vitest';
import { costOf } from './cost.ts';

const fetch = (serviceName: string): FetchNode => ({
  ...{ kind: 'Fetch', serviceName, operation: '', operationName: undefined, operationKind: OperationTypeNode.QUERY },
});
const sequence = (...nodes: PlanNode[]): PlanNode => ({ kind: 'Sequence', nodes });
const parallel = (...nodes: PlanNode[]): PlanNode => ({ kind: 'Parallel', nodes });
const flatten = (node: PlanNode): PlanNode => ({ kind: 'Flatten', path: ['a'], node });
const cost = (node?: PlanNode | SubscriptionNode) => {
  const { fetches, storeRounds } = costOf({ kind: 'QueryPlan', node }, new Set(['entry']));
  return [fetches, storeRounds];
};

test('fetches add up; rounds add up one after the other, and the longest counts side by side', () => {
  expect(cost()).toEqual([0, 0]);
  expect(cost(fetch('redis'))).toEqual([1, 1]);
  expect(cost(sequence(fetch('redis'), flatten(fetch('postgres'))))).toEqual([2, 2]);
  expect(cost(parallel(fetch('redis'), sequence(fetch('mongo'), fetch('postgres'))))).toEqual([3, 2]);
});

test('a room without a store takes no round', () => {
  expect(cost(sequence(fetch('entry'), parallel(fetch('redis'), fetch('postgres'))))).toEqual([3, 1]);
});

test('of a condition the dearer side counts', () => {
  const ifClause = sequence(fetch('redis'), fetch('postgres'));
  const elseClause = parallel(fetch('redis'), fetch('mongo'), fetch('s3'));
  expect(cost({ kind: 'Condition', condition: 'a', ifClause, elseClause })).toEqual([3, 2]);
});

test('what is deferred comes after the first part, and what a subscription asks for after its event', () => {
  const deferred = [{ depends: [], queryPath: [], node: fetch('mongo') }];
  expect(cost({ kind: 'Defer', primary: { node: fetch('redis') }, deferred })).toEqual([2, 2]);
  expect(cost({ kind: 'Subscription', primary: fetch('kafka'), rest: fetch('postgres') })).toEqual([2, 2]);
});
