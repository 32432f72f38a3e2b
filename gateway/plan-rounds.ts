import { fetchKey } from './request.ts';
import type { FetchNode, PlanNode } from './xray-report.ts';

/** A fetch of a plan, and when it comes. */
export interface RoundFetch {
  fetch: FetchNode;
  /** How many stores have answered one after the other once it has, from 1; a fetch from a room without a store takes no round. */
  round: number;
  /** The keys of the fetches that must end before this one begins. */
  before: ReadonlySet<string>;
}

/**
 * Tells of each fetch of a plan in which round it is.
 * @param storeless the subgraphs that only compute
 */
export function roundsOf(plan: PlanNode | null, storeless: ReadonlySet<string>): RoundFetch[] {
  const found: RoundFetch[] = [];
  /** Notes the fetches of a node; gives those that have ended when it has, and its last round. */
  const walk = (node: PlanNode | null, before: ReadonlySet<string>, round: number): [ReadonlySet<string>, number] => {
    switch (node?.kind) {
      case 'Fetch': {
        const own = round + (storeless.has(node.subgraph) ? 0 : 1);
        found.push({ fetch: node, round: own, before });
        return [new Set([...before, fetchKey(node)]), own];
      }
      case 'Sequence': {
        let at: [ReadonlySet<string>, number] = [before, round];
        for (const each of node.nodes) at = walk(each, ...at);
        return at;
      }
      case 'Parallel':
        return together(node.nodes.map((each) => walk(each, before, round)));
      case 'Condition':
        return together([node.ifTrue, node.ifFalse].map((each) => walk(each, before, round)));
      default:
        return [before, round];
    }
  };
  const together = (ends: [ReadonlySet<string>, number][]): [ReadonlySet<string>, number] => [
    new Set(ends.flatMap(([fetches]) => [...fetches])),
    Math.max(...ends.map(([, round]) => round)),
  ];
  walk(plan, new Set(), 0);
  return found;
}
