import type { Admin } from 'kafkajs';
import type { SinkInfo } from '../gateway/room.ts';
import { topicsOf } from './message.ts';
import type { Names } from './names.ts';
import { fetchCommitted, fetchWatermarks, lagOf } from './offsets.ts';

/** How many messages each sink has yet to apply. */
export async function fetchLags(admin: Admin, sinks: readonly SinkInfo[], names: Names): Promise<Map<string, number>> {
  const topicNames = (sink: SinkInfo) => topicsOf(sink.consumes).map(names.topic);
  const committed = await Promise.all(
    sinks.map((sink) => fetchCommitted(admin, names.group(sink.name), topicNames(sink))),
  );
  // Read after the groups' offsets, so that a lag is never too small.
  const watermarks = await fetchWatermarks(admin, [...new Set(sinks.flatMap(topicNames))]);
  return new Map(
    sinks.map((sink, index) => [sink.name, lagOf(committed[index] ?? new Map(), watermarks, topicNames(sink))]),
  );
}
