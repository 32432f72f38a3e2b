import type { PlanNode, QueryPlan, SubscriptionNode } from '@apollo/query-planner';

/** What a query plan costs at worst: of a `@skip` or `@include`, the dearer side counts. */
export interface Cost {
  fetches: number;
  /** How many stores must answer one after the other. What a room without a store answers takes no round. */
  storeRounds: number;
}

/** @param storeless the subgraphs that only compute */
export function costOf(plan: QueryPlan, storeless: ReadonlySet<string>): Cost {
  const nothing: Cost = { fetches: 0, storeRounds: 0 };
  const inSequence = (costs: readonly Cost[]): Cost =>
    costs.reduce((a, b) => ({ fetches: a.fetches + b.fetches, storeRounds: a.storeRounds + b.storeRounds }), nothing);
  const inParallel = (costs: readonly Cost[]): Cost => ({
    fetches: inSequence(costs).fetches,
    storeRounds: Math.max(0, ...costs.map(({ storeRounds }) => storeRounds)),
  });
  const eitherOf = (costs: readonly Cost[]): Cost => ({
    fetches: Math.max(0, ...costs.map(({ fetches }) => fetches)),
    storeRounds: inParallel(costs).storeRounds,
  });

  const of = (node: PlanNode | SubscriptionNode | undefined): Cost => {
    switch (node?.kind) {
      case undefined:
        return nothing;
      case 'Fetch':
        return { fetches: 1, storeRounds: storeless.has(node.serviceName) ? 0 : 1 };
      case 'Flatten':
        return of(node.node);
      case 'Sequence':
        return inSequence(node.nodes.map(of));
      case 'Parallel':
        return inParallel(node.nodes.map(of));
      case 'Condition':
        return eitherOf([of(node.ifClause), of(node.elseClause)]);
      case 'Subscription':
        return inSequence([of(node.primary), of(node.rest)]);
      case 'Defer':
        return inSequence([of(node.primary.node), inParallel(node.deferred.map((deferred) => of(deferred.node)))]);
    }
  };
  return of(plan.node);
}
