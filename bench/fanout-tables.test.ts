import { expect, test } from 'vitest';
import { aimRemark } from './fanout-tables.ts';

const lag = (sink: string, p99: number) => ({ sink, events: 1, p50: 1, p99, longest: p99 });

test('the aim is told sink by sink: one that misses it, or was not seen at all, is named', () => {
  const remark = (...sinks: ReturnType<typeof lag>[]) => aimRemark({ perSecond: 200, sinks });
  expect(remark(lag('s3', 900), lag('redis', 20))).toMatch(/every sink: reached by s3 900 ms, redis 20.0 ms\.$/);
  expect(remark(lag('s3', 2_000), lag('redis', 20))).toMatch(
    /every sink: reached by redis 20.0 ms; missed by s3 2000 ms\.$/,
  );
  expect(remark(lag('qdrant', Number.NaN))).toMatch(/every sink: missed by qdrant – ms\.$/);
});
