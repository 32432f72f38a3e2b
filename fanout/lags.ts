import type { Admin } from 'kafkajs';
import type { SinkInfo } from '../gateway/room.ts';
import { topicsOf } from './message.ts';
import type { Names } from './names.ts';
import { type ByPartition, fetchCommitted, fetchWatermarks, lagOf } from './offsets.ts';

/** How far a sink is. */
export interface SinkProgress {
  /** Messages that it has yet to apply. */
  lag: number;
  /** Its committed offsets, all together: rises with every message that it applies, whatever comes in meanwhile. */
  applied: bigint;
}

/** How far each sink is, by name. */
export async function fetchSinkProgress(
  admin: Admin,
  sinks: readonly SinkInfo[],
  names: Names,
): Promise<Map<string, SinkProgress>> {
  const topicNames = (sink: SinkInfo) => topicsOf(sink.consumes).map(names.topic);
  const committed = await Promise.all(
    sinks.map((sink) => fetchCommitted(admin, names.group(sink.name), topicNames(sink))),
  );
  // Read after the groups' offsets, so that a lag is never too small.
  const watermarks = await fetchWatermarks(admin, [...new Set(sinks.flatMap(topicNames))]);
  return new Map(
    sinks.map((sink, index) => {
      const offsets = committed[index] ?? new Map();
      return [sink.name, { lag: lagOf(offsets, watermarks, topicNames(sink)), applied: sumOf(offsets) }];
    }),
  );
}

const sumOf = (offsets: ByPartition<bigint>): bigint =>
  offsets
    .values()
    .flatMap((partitions) => partitions.values())
    .reduce((sum, offset) => sum + offset, 0n);

/** How many messages each sink has yet to apply. */
export async function fetchLags(admin: Admin, sinks: readonly SinkInfo[], names: Names): Promise<Map<string, number>> {
  const progress = await fetchSinkProgress(admin, sinks, names);
  return new Map(progress.entries().map(([name, { lag }]) => [name, lag]));
}
