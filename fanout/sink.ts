import type { StreamEvent, Topic } from '../schema/events/index.ts';

/** What a store does with events. A room's `sink.ts` makes one; the consumer runtime drives it. */
export interface Sink {
  /**
   * Writes a batch; done when a reader of the store would see it. Applying an event again, in any other batch and any
   * order of versions, must change nothing.
   * @throws Rewind when the store's own position says that it lacks earlier events; any other error is retried
   */
  apply(batch: SinkBatch): Promise<void>;
  /** A write that shows that the store takes writes: it tells a poisonous event from a store that is down. */
  probe(): Promise<void>;
  /**
   * Where the store keeps its own position: the next offset that it wants, by partition; partitions it knows nothing of
   * are absent. The consumer then resumes from the lower of this and Kafka's committed offset.
   */
  positions?(topic: Topic): Promise<ReadonlyMap<number, bigint>>;
  /** Compares the store with the source of truth, by ids and counts, and names what differs; empty when all is there. */
  verify(source: Source): Promise<Difference[]>;
}

/** Consecutive messages of one partition. */
export interface SinkBatch {
  topic: Topic;
  partition: number;
  /** Offset of the first message. */
  firstOffset: bigint;
  /** Offset after the last message; the position once the batch is applied. */
  nextOffset: bigint;
  /** The messages' events, in order, of the types that the sink consumes; may be empty when all were of other types. */
  events: readonly StreamEvent[];
}

/** Thrown by `apply` when the store wants to be fed from an earlier (or other) offset than the batch's first. */
export class Rewind extends Error {
  readonly nextOffset: bigint;
  constructor(nextOffset: bigint) {
    super(`the store wants offset ${nextOffset}`);
    this.nextOffset = nextOffset;
  }
}

/** One thing that a derived store has otherwise than its source. */
export interface Difference {
  /** What differs, such as `views of movie m101` or `watch event 0198…`. */
  what: string;
  expected: string;
  actual: string;
}

/** The source of truth, as `verify` reads it: everything that derived stores must show, in chunks. */
export interface Source {
  watches(): AsyncIterable<readonly WatchFact[]>;
  playbacks(): AsyncIterable<readonly PlaybackFact[]>;
  /** The newest event of every aggregate that is not a playback: users and movies. */
  aggregates(): AsyncIterable<readonly AggregateFact[]>;
}

export interface WatchFact {
  eventId: string;
  userId: string;
  movieId: string;
  action: 'PLAY' | 'PAUSE' | 'SEEK' | 'STOP';
  watchedAt: Date;
}

/** Where a user stands in a movie. */
export interface PlaybackFact {
  userId: string;
  movieId: string;
  lastWatchedAt: Date;
  positionSeconds: number;
  completed: boolean;
}

export interface AggregateFact {
  type: 'user.signed_up' | 'movie.changed';
  id: string;
  version: number;
  eventId: string;
}
