import type { SinkInfo } from '../gateway/room.ts';
import type { Place } from './event-places.ts';
import { appliedAtMs, type OffsetTrack, trackOf } from './offset-track.ts';
import type { Written } from './processes/writer.ts';
import { percentile } from './statistics.ts';

/** Events that were written, where each is in Kafka, and what was seen of the sinks. */
export interface Followed {
  written: readonly Written[];
  /** In the same order. */
  places: readonly Place[];
  track: OffsetTrack;
}

/** From an event's commit until a sink was seen to have applied it, in milliseconds. */
export interface SinkLag {
  sink: string;
  /** How many of the events it consumes. */
  events: number;
  p50: number;
  p99: number;
  longest: number;
}

/** How far behind each sink was with the events that it consumes, slowest first. */
export function lagsOf(followed: readonly Followed[], sinks: readonly SinkInfo[]): SinkLag[] {
  const lags = sinks.map((sink) => {
    const ofSink = followed.flatMap((run) =>
      applied(run, sink).map(({ written: { committedMs }, atMs }) => atMs - committedMs),
    );
    const [p50, p99, longest] = [50, 99, 100].map((percent) => percentile(ofSink, percent)) as [number, number, number];
    return { sink: sink.name, events: ofSink.length, p50, p99, longest };
  });
  return lags.sort((a, b) => b.p99 - a.p99);
}

/** How many events a second a sink has applied: from when the first was due until the last was applied. */
export function rateOf(run: Followed, sink: SinkInfo): number {
  const seen = applied(run, sink);
  const firstMs = Math.min(...seen.map(({ written: { dueMs } }) => dueMs));
  return (seen.length * 1_000) / (Math.max(...seen.map(({ atMs }) => atMs)) - firstMs);
}

/** When the sink was seen to have applied each event that it consumes. */
function applied({ written, places, track }: Followed, { name, consumes }: SinkInfo) {
  const seen = track.sightings.get(name);
  return written.flatMap((event, index) => {
    if (!consumes.includes(event.type)) return [];
    const place = places[index] as Place;
    return [{ written: event, atMs: appliedAtMs(seen?.get(trackOf(event.type, place)), place.offset) }];
  });
}
