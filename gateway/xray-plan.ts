import type { QueryPlan, QueryPlanSelectionNode } from '@apollo/query-planner';
import type { FetchNode, PlanNode } from './xray-report.ts';

type ApolloNode =
  | NonNullable<QueryPlan['node']>
  | NonNullable<QueryPlan['node'] & { kind: 'Sequence' }>['nodes'][number];

/**
 * A query plan of Apollo's planner as the X-ray tells it: `Flatten` nodes are folded into the fetches below them.
 * @param ranOf gives how that fetch went; asked once a fetch, in the plan's order
 */
export function planTree({ node }: QueryPlan, ranOf: (fetch: FetchNode) => FetchNode['ran']): PlanNode | null {
  let fetches = 0;
  const treeOf = (node: ApolloNode, path: string[]): PlanNode => {
    switch (node.kind) {
      case 'Sequence':
      case 'Parallel':
        return { kind: node.kind, nodes: node.nodes.map((each) => treeOf(each, path)) };
      case 'Flatten':
        return treeOf(node.node, [...path, ...node.path.map(String)]);
      case 'Condition':
        return {
          kind: 'Condition',
          variable: node.condition,
          ifTrue: node.ifClause ? treeOf(node.ifClause, path) : null,
          ifFalse: node.elseClause ? treeOf(node.elseClause, path) : null,
        };
      case 'Fetch': {
        fetches += 1;
        const fetch: FetchNode = {
          kind: 'Fetch',
          subgraph: node.serviceName,
          path,
          // Without a name of the client's operation, the planner names none of its own.
          name: node.operationName ?? `${node.serviceName} ${fetches}`,
          operation: node.operation,
          requires: node.requires ? printSelection(node.requires) : null,
          ran: null,
        };
        return { ...fetch, ran: ranOf(fetch) };
      }
      default:
        throw new Error(`the gateway makes no ${node.kind} nodes`);
    }
  };
  return node ? treeOf(node as ApolloNode, []) : null;
}

function printSelection(selections: readonly QueryPlanSelectionNode[]): string {
  const printed = selections.map((selection) => {
    const own = selection.kind === 'Field' ? selection.name : `... on ${selection.typeCondition}`;
    const below = selection.selections?.length ? ` ${printSelection(selection.selections)}` : '';
    return own + below;
  });
  return `{ ${printed.join(' ')} }`;
}
