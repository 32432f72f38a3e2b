import type { KeyboardEvent, PointerEvent } from 'react';
import { createStoredState, useValue } from '../state.ts';

/** The panels' share of the window's height, in percent. */
const dockPercent = createStoredState(() => localStorage, 'streamshop.dock', 48);
const leastPercent = 15;
const mostPercent = 80;

const setPercent = (percent: number) =>
  dockPercent.set(Math.round(Math.min(Math.max(percent, leastPercent), mostPercent)));

/** The share, for whoever lays the page out. */
export const useDockPercent = (): number => useValue(dockPercent);

/** The bar between the editors and the panels; the mouse and the arrow keys move it. */
export function Splitter() {
  const percent = useDockPercent();
  const drag = (event: PointerEvent<HTMLElement>) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) setPercent(100 - (event.clientY / innerHeight) * 100);
  };
  const step = (event: KeyboardEvent) => {
    const by = { ArrowUp: 4, ArrowDown: -4 }[event.key];
    if (!by) return;
    event.preventDefault();
    setPercent(percent + by);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a window splitter is a separator that can be moved (ARIA APG)
    <div
      className="splitter"
      role="separator"
      aria-label="Height of the panels"
      aria-orientation="horizontal"
      aria-valuenow={percent}
      aria-valuemin={leastPercent}
      aria-valuemax={mostPercent}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={step}
    />
  );
}
