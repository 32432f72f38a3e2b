import { useEffect, useRef } from 'react';
import type { XrayCall, XrayParameter } from '../../../../gateway/xray-report.ts';
import { count, formatMs } from '../format.ts';
import { CloseButton } from '../parts/close-button.tsx';
import { StoreName } from '../parts/store-name.tsx';
import { CopyButton } from './copy-button.tsx';

/** One store call in full: what was asked, with what, and what came of it. Takes the focus when it opens. */
export function Statement({ call, onClose }: { call: XrayCall; onClose(): void }) {
  const pane = useRef<HTMLElement>(null);
  useEffect(() => pane.current?.focus(), [call]);
  return (
    <section ref={pane} className="statement" tabIndex={-1} aria-labelledby="statement-title">
      <header className="pane-header">
        <h3 id="statement-title">
          <StoreName store={call.store} /> statement
        </h3>
        <CloseButton label="Close the statement" onClick={onClose} />
      </header>
      <div className="statement-body">
        <Code text={call.statement} />
        {call.parameters.length > 0 && <Parameters parameters={call.parameters} />}
        {call.inShell && (
          <details>
            <summary>For the store's own shell, with its values</summary>
            <Code text={call.inShell} />
          </details>
        )}
        <Facts call={call} />
      </div>
    </section>
  );
}

function Code({ text }: { text: string }) {
  const code = useRef<HTMLPreElement>(null);
  return (
    <div className="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1) */}
      <pre ref={code} tabIndex={0}>
        {text}
      </pre>
      <CopyButton text={text} source={code} />
    </div>
  );
}

function Parameters({ parameters }: { parameters: XrayParameter[] }) {
  const hasValues = parameters.some((parameter) => 'value' in parameter);
  return (
    <table>
      <caption>Parameters</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Shape</th>
          {hasValues && <th scope="col">Value</th>}
        </tr>
      </thead>
      <tbody>
        {parameters.map(({ name, type, value }) => (
          <tr key={name}>
            <td>{name}</td>
            <td>{type}</td>
            {hasValues && <td>{value === undefined ? '' : JSON.stringify(value)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Facts({ call }: { call: XrayCall }) {
  const { subgraph, rows, startMs, durationMs, batch, attempts, error } = call;
  return (
    <dl>
      {error && <Fact name="Error" value={error} isBad />}
      <Fact
        name="Took"
        value={`${formatMs(durationMs)}, from ${formatMs(startMs)} to ${formatMs(startMs + durationMs)}`}
      />
      {rows !== null && <Fact name="Rows" value={String(rows)} />}
      {batch && <Fact name="Batch" value={`${batch.query}, ${count(batch.keys, 'key')} in one call`} />}
      {attempts > 1 && <Fact name="Attempts" value={String(attempts)} />}
      <Fact name="Asked by" value={subgraph ? `subgraph ${subgraph}` : 'the gateway'} />
    </dl>
  );
}

function Fact({ name, value, isBad = false }: { name: string; value: string; isBad?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={isBad ? 'bad' : undefined}>{value}</dd>
    </div>
  );
}
