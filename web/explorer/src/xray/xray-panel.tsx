import { useRef, useState } from 'react';
import type { XrayCall, XrayReport } from '../../../../gateway/xray-report.ts';
import type { Answer } from '../answer.ts';
import { isXrayOn, lastAnswer } from '../fetcher.ts';
import { count, formatMs } from '../format.ts';
import { StoreName } from '../parts/store-name.tsx';
import { useValue } from '../state.ts';
import { PlanTree } from './plan-tree.tsx';
import { Statement } from './statement.tsx';
import { storeColors } from './stores.ts';
import { totalsOf } from './totals.ts';
import { Waterfall } from './waterfall.tsx';
import { whyEmpty } from './why-empty.ts';

/** What each store did for the last answer, or why that is not known. */
export function XrayPanel() {
  const answer = useValue(lastAnswer);
  const isOn = useValue(isXrayOn);
  return (
    <section className="panel xray" aria-labelledby="xray-title">
      {answer?.xray ? (
        // A key: another answer begins with nothing opened.
        <Report key={answer.answeredAtMs} answer={answer} report={answer.xray} />
      ) : (
        <>
          <header className="pane-header">
            <h2 id="xray-title">X-ray</h2>
          </header>
          <p className="empty">{whyEmpty(answer, isOn)}</p>
          <ul className="legend">
            {Object.keys(storeColors).map((store) => (
              <li key={store}>
                <StoreName store={store} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Report({ answer, report }: { answer: Answer; report: XrayReport }) {
  const [opened, setOpened] = useState<XrayCall | null>(null);
  const [highlightedFetch, setHighlightedFetch] = useState<string | null>(null);
  const openedFrom = useRef<HTMLElement>(null);
  const { stores, slowest } = totalsOf(report.calls);

  const open = (call: XrayCall) => {
    if (document.activeElement instanceof HTMLElement) openedFrom.current = document.activeElement;
    setOpened(call);
  };
  const close = () => {
    setOpened(null);
    openedFrom.current?.focus();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Esc from wherever the focus is inside
    <div className="report" onKeyDown={({ key }) => key === 'Escape' && opened && close()}>
      <header className="pane-header">
        <h2 id="xray-title">X-ray</h2>
        <p className="totals">
          {answer.name && <span>{answer.name}</span>}
          <strong>{formatMs(report.durationMs)}</strong>
          <span>
            {count(report.calls.length, 'call')} to {count(stores.length, 'store')}
          </span>
          {report.traceId && (
            <span>
              trace <code>{report.traceId}</code>
            </span>
          )}
          {slowest && (
            <button type="button" className="link" onClick={() => open(slowest)}>
              slowest: {slowest.store} {formatMs(slowest.durationMs)}
            </button>
          )}
        </p>
        <ul className="legend" aria-label="Calls per store">
          {stores.map(({ store, calls, failed }) => (
            <li key={store}>
              <StoreName store={store} /> <b>{calls}</b>
              {failed > 0 && <span className="bad">{failed} failed</span>}
            </li>
          ))}
        </ul>
      </header>
      <div className={opened ? 'columns with-statement' : 'columns'}>
        {report.plan && <PlanTree plan={report.plan} onHighlight={setHighlightedFetch} />}
        {report.calls.length > 0 ? (
          <Waterfall
            calls={report.calls}
            durationMs={report.durationMs}
            opened={opened}
            highlightedFetch={highlightedFetch}
            onOpen={open}
          />
        ) : (
          <p className="empty">No store was asked for this answer.</p>
        )}
        {opened && <Statement call={opened} onClose={close} />}
      </div>
    </div>
  );
}
