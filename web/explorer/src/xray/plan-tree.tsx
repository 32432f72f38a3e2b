import type { FetchNode, PlanNode } from '../../../../gateway/xray-report.ts';
import { count, formatMs } from '../format.ts';
import { StoreName } from '../parts/store-name.tsx';

export interface PlanTreeProps {
  plan: PlanNode;
  /** Told the fetch that is pointed at or has the focus; null when none is. */
  onHighlight(fetch: string | null): void;
}

/** The query plan: how the request was divided among the subgraphs, and in which order. */
export function PlanTree({ plan, onHighlight }: PlanTreeProps) {
  return (
    <section className="plan" aria-label="Query plan">
      <ul>
        <Node node={plan} onHighlight={onHighlight} />
      </ul>
    </section>
  );
}

type NodeProps<T> = { node: T; onHighlight: PlanTreeProps['onHighlight'] };

function Node({ node, onHighlight }: NodeProps<PlanNode>) {
  switch (node.kind) {
    case 'Fetch':
      return <Fetch node={node} onHighlight={onHighlight} />;
    case 'Condition':
      return (
        <>
          {node.ifTrue && <Branch label={`if $${node.variable}`} nodes={[node.ifTrue]} onHighlight={onHighlight} />}
          {node.ifFalse && (
            <Branch label={`if not $${node.variable}`} nodes={[node.ifFalse]} onHighlight={onHighlight} />
          )}
        </>
      );
    case 'Sequence':
      return <Branch label="one after the other" nodes={node.nodes} onHighlight={onHighlight} />;
    case 'Parallel':
      return <Branch label="side by side" nodes={node.nodes} onHighlight={onHighlight} />;
  }
}

interface BranchProps {
  label: string;
  nodes: PlanNode[];
  onHighlight: PlanTreeProps['onHighlight'];
}

function Branch({ label, nodes, onHighlight }: BranchProps) {
  return (
    <li className="branch">
      <span className="branch-label">{label}</span>
      <ul>
        {nodes.map((node, i) => (
          <Node key={i} node={node} onHighlight={onHighlight} />
        ))}
      </ul>
    </li>
  );
}

function Fetch({ node, onHighlight }: NodeProps<FetchNode>) {
  const { subgraph, path, requires, operation, ran, name } = node;
  return (
    <li>
      <details
        className={ran ? 'fetch' : 'fetch not-made'}
        onMouseEnter={() => onHighlight(name)}
        onMouseLeave={() => onHighlight(null)}
        onFocus={() => onHighlight(name)}
        onBlur={() => onHighlight(null)}
      >
        <summary>
          <StoreName store={subgraph} />
          <span className="path">{path.join('.').replaceAll('.@', '[]')}</span>
          {ran?.transport === 'http' && <span className="facts">HTTP</span>}
          {ran && ran.entities !== null && (
            <span className="facts" title={`for ${count(ran.entities, 'entity', 'entities')}`}>
              ×{ran.entities}
            </span>
          )}
          {!ran && <span className="facts">not needed</span>}
          <span className="duration">{ran && formatMs(ran.durationMs)}</span>
        </summary>
        {requires && <pre className="requires">for each {requires}</pre>}
        <pre>{operation}</pre>
      </details>
    </li>
  );
}
