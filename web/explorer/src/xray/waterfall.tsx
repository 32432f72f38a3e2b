import type { KeyboardEvent } from 'react';
import type { XrayCall } from '../../../../gateway/xray-report.ts';
import { formatMs, formatTick, oneLine } from '../format.ts';
import { StoreName } from '../parts/store-name.tsx';
import { layoutWaterfall, type WaterfallRow } from './layout-waterfall.ts';
import { cssColorOf } from './stores.ts';

export interface WaterfallProps {
  calls: readonly XrayCall[];
  durationMs: number;
  /** The call whose statement is open. */
  opened: XrayCall | null;
  /** The fetch whose calls stand out; null for all alike. */
  highlightedFetch: string | null;
  onOpen(call: XrayCall): void;
}

/** The store calls over time. Tab and the arrow keys go from call to call, Enter opens the statement. */
export function Waterfall({ calls, durationMs, opened, highlightedFetch, onOpen }: WaterfallProps) {
  const { rows, ticksMs, spanMs } = layoutWaterfall(calls, durationMs);
  return (
    <section className="waterfall" aria-label="Store calls over time">
      <div className="axis" aria-hidden="true">
        <span className="axis-track">
          {ticksMs.map((ms) => (
            <span key={ms} className="tick" style={{ left: `${(ms / spanMs) * 100}%` }}>
              {formatTick(ms)}
            </span>
          ))}
        </span>
      </div>
      <ol onKeyDown={moveFocus}>
        {rows.map((row) => (
          <li key={calls.indexOf(row.call)}>
            <Call
              row={row}
              isOpened={row.call === opened}
              isDimmed={highlightedFetch !== null && row.call.fetch !== highlightedFetch}
              onOpen={onOpen}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}

interface CallProps {
  row: WaterfallRow;
  isOpened: boolean;
  isDimmed: boolean;
  onOpen(call: XrayCall): void;
}

function Call({ row: { call, leftPercent, widthPercent }, isOpened, isDimmed, onOpen }: CallProps) {
  const endPercent = leftPercent + widthPercent;
  const classes = ['call', isDimmed && 'dimmed', call.error && 'failed'].filter(Boolean).join(' ');
  return (
    <button type="button" className={classes} aria-expanded={isOpened} onClick={() => onOpen(call)}>
      <StoreName store={call.store} />
      <span className="summary">{oneLine(call.statement)}</span>
      <span className="track">
        <span
          className="bar"
          style={{ left: `${leftPercent}%`, width: `${widthPercent}%`, background: cssColorOf(call.store) }}
        />
        <span
          className="times"
          style={endPercent < 65 ? { left: `${endPercent}%` } : { right: `${100 - leftPercent}%` }}
        >
          {formatMs(call.startMs)} – {formatMs(call.startMs + call.durationMs)}
        </span>
      </span>
      <span className="duration">
        {call.error && <span className="bad">{call.error} </span>}
        {formatMs(call.durationMs)}
      </span>
    </button>
  );
}

const steps: Record<string, (index: number, last: number) => number> = {
  ArrowDown: (index, last) => Math.min(index + 1, last),
  ArrowUp: (index) => Math.max(index - 1, 0),
  Home: () => 0,
  End: (_, last) => last,
};

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = steps[event.key];
  if (!step) return;
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const index = buttons.indexOf(event.target as HTMLButtonElement);
  if (index < 0) return;
  event.preventDefault();
  buttons[step(index, buttons.length - 1)]?.focus();
}
