import { expect, test } from 'vitest';
import type { XrayCall } from '../../../../gateway/xray-report.ts';
import { layoutWaterfall } from './layout-waterfall.ts';
import { totalsOf } from './totals.ts';

const call = (overrides: Partial<XrayCall>): XrayCall => ({
  ...{ subgraph: 'postgres', store: 'postgres', fetch: null, statement: 'SELECT 1', parameters: [], rows: 1 },
  ...{ inShell: null, startMs: 0, durationMs: 1, batch: null, attempts: 1, error: null, ...overrides },
});

test('a bar stands where its call was, as a share of the request', () => {
  const { rows, spanMs } = layoutWaterfall([call({ startMs: 10, durationMs: 30 })], 40);
  expect(spanMs).toBe(40);
  expect(rows[0]).toMatchObject({ leftPercent: 25, widthPercent: 75 });
});

test('calls stand in the order in which they began', () => {
  const { rows } = layoutWaterfall([call({ startMs: 5, store: 'redis' }), call({ startMs: 2, store: 'kafka' })], 10);
  expect(rows.map(({ call }) => call.store)).toEqual(['kafka', 'redis']);
});

test('a call that outlived the answer widens the axis, so that no bar leaves it', () => {
  const { rows, spanMs } = layoutWaterfall([call({ startMs: 10, durationMs: 90 })], 50);
  expect(spanMs).toBe(100);
  expect(rows[0]).toMatchObject({ leftPercent: 10, widthPercent: 90 });
});

test.each([
  [7.3, [0, 2, 4, 6]],
  [40, [0, 10, 20, 30, 40]],
  [518, [0, 200, 400]],
  [0.9, [0, 0.2, 0.4, 0.6, 0.8]],
])('the axis of %d ms has round lines', (spanMs, ticksMs) => {
  const found = layoutWaterfall([], spanMs).ticksMs;
  expect(found.map((ms) => Number(ms.toPrecision(6)))).toEqual(ticksMs);
});

test('a request without calls or time still has an axis', () => {
  const { rows, ticksMs } = layoutWaterfall([], 0);
  expect(rows).toEqual([]);
  expect(ticksMs.every(Number.isFinite)).toBe(true);
});

test('the totals count calls and failures per store, most calls first, and name the slowest', () => {
  const slow = call({ store: 'neo4j', durationMs: 9 });
  const calls = [call({ error: 'STORE_TIMEOUT' }), slow, call({})];
  expect(totalsOf(calls)).toEqual({
    stores: [
      { store: 'postgres', calls: 2, failed: 1 },
      { store: 'neo4j', calls: 1, failed: 0 },
    ],
    slowest: slow,
  });
  expect(totalsOf([])).toEqual({ stores: [], slowest: null });
});
