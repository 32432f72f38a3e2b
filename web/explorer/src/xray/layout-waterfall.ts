import type { XrayCall } from '../../../../gateway/xray-report.ts';

/** Where a call's bar stands on the time axis, in percent of its width. */
export interface WaterfallRow {
  call: XrayCall;
  leftPercent: number;
  widthPercent: number;
}

export interface Waterfall {
  /** What the axis spans, from the request's arrival. */
  spanMs: number;
  rows: WaterfallRow[];
  /** Round times for the axis' lines; the first is 0. */
  ticksMs: number[];
}

/**
 * Lays the store calls of one request out over time, in the order in which they began.
 * @param durationMs the request's; a call that outlived it widens the axis
 */
export function layoutWaterfall(calls: readonly XrayCall[], durationMs: number): Waterfall {
  const spanMs = Math.max(durationMs, ...calls.map(({ startMs, durationMs }) => startMs + durationMs), 0.001);
  const percent = (ms: number) => (ms / spanMs) * 100;
  const rows = calls
    .toSorted((a, b) => a.startMs - b.startMs)
    .map((call) => ({ call, leftPercent: percent(call.startMs), widthPercent: percent(call.durationMs) }));
  return { spanMs, rows, ticksMs: roundTicks(spanMs) };
}

/** At most six lines, 1, 2 or 5 times a power of ten apart. */
function roundTicks(spanMs: number): number[] {
  const power = 10 ** Math.floor(Math.log10(spanMs / 5));
  const stepMs = [1, 2, 5, 10].map((factor) => factor * power).find((step) => spanMs / step <= 5) ?? 10 * power;
  return Array.from({ length: Math.floor(spanMs / stepMs) + 1 }, (_, i) => i * stepMs);
}
