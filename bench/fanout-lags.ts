import type { EventRow } from '../gateway/event-place.ts';
import { appliedAtMs, type OffsetTrack } from './offset-track.ts';
import type { Written } from './processes/writer.ts';
import { percentile } from './statistics.ts';

/** Watches that were written, where each is in Kafka, and what was seen of the sinks. */
export interface Followed {
  written: readonly Written[];
  /** In the same order. */
  places: readonly (EventRow | null)[];
  track: OffsetTrack;
}

/** From an event's commit until a sink was seen to have applied it, in milliseconds. */
export interface SinkLag {
  sink: string;
  p50: number;
  p99: number;
  longest: number;
}

/** How far behind each sink was, slowest first. */
export function lagsOf(followed: readonly Followed[]): SinkLag[] {
  const sinks = [...(followed[0]?.track.sightings.keys() ?? [])];
  const lags = sinks.map((sink) => {
    const ofSink = followed.flatMap((run) =>
      appliedTimes(run, sink).map((atMs, index) => atMs - committedMs(run, index)),
    );
    return { sink, p50: percentile(ofSink, 50), p99: percentile(ofSink, 99), longest: percentile(ofSink, 100) };
  });
  return lags.sort((a, b) => b.p99 - a.p99);
}

/** How many events a second a sink has applied: from the first commit until the last application. */
export function rateOf(run: Followed, sink: string): number {
  const firstMs = Math.min(...run.written.map(({ dueMs }) => dueMs));
  return (run.written.length * 1_000) / (Math.max(...appliedTimes(run, sink)) - firstMs);
}

/** When the sink was seen to have applied each event. */
function appliedTimes({ places, track }: Followed, sink: string): number[] {
  const partitions = track.sightings.get(sink);
  return places.map((place) => {
    if (!place || place.partition === null || place.offset === null) throw new Error('an event was never published');
    return appliedAtMs(partitions?.get(place.partition), BigInt(place.offset));
  });
}

const committedMs = ({ written }: Followed, index: number) => written[index]?.committedMs ?? Number.NaN;
