import type { EventType, LikeKind, StreamEvent, StreamEventOf, Topic } from '../schema/events/index.ts';

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

/**
 * The sources of truth, as `verify` reads them: everything that derived stores must show, in chunks. Each room that is a
 * source gives what is its own; `fanout/source.ts` joins them.
 */
export interface Source {
  /** Postgres. */
  watches(): Facts<WatchFact>;
  playbacks(): Facts<PlaybackFact>;
  follows(): Facts<FollowFact>;
  blocks(): Facts<BlockFact>;
  likes(): Facts<LikeFact>;
  /** The newest event of every user, movie, follow, block and like (Postgres), post (MongoDB, deleted ones too) and profile. */
  aggregates(): Facts<AggregateFact>;
  /** MongoDB; deleted ones too. */
  posts(): Facts<PostFact>;
  /** MongoDB; without those of deleted posts. */
  comments(): Facts<CommentFact>;
  /** MongoDB; without those of deleted posts. */
  votes(): Facts<VoteFact>;
  /** MongoDB; those of deleted posts too. */
  reports(): Facts<ReportFact>;
  /** MongoDB. */
  profiles(): Facts<ProfileFact>;
  /** Kafka, which alone has what players and readers report: no other store would take it at that rate. */
  playbackReports(): Facts<StreamEventOf<'playback.reported'>>;
  postViews(): Facts<StreamEventOf<'post.viewed'>>;
}

/** In chunks of any size. */
export type Facts<T> = AsyncIterable<readonly T[]>;

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

/** What belongs to a post, and raises its version without changing it. */
type PartOfPost = 'comment.added' | 'poll.voted' | 'post.reported';

export interface AggregateFact {
  /** The type of its newest event. */
  type: Exclude<EventType, 'watch.recorded' | PartOfPost | 'playback.reported' | 'post.viewed'>;
  /** The event's subject. */
  id: string;
  version: number;
  eventId: string;
}

/** Who follows whom now; one that was ended stays, with `follows: false`. */
export interface FollowFact {
  followerId: string;
  followeeId: string;
  follows: boolean;
  changedAt: Date;
  version: number;
  eventId: string;
}

/** Who blocks whom now; one that was ended stays, with `blocks: false`. */
export interface BlockFact {
  blockerId: string;
  blockedId: string;
  blocks: boolean;
  changedAt: Date;
  version: number;
  eventId: string;
}

/** What somebody likes now; a like that was taken back stays, with `likes: false`. */
export interface LikeFact {
  userId: string;
  kind: LikeKind;
  targetId: string;
  likes: boolean;
  changedAt: Date;
  version: number;
  eventId: string;
}

export interface PostFact {
  id: string;
  authorId: string;
  movieId: string | null;
  title: string;
  body: string;
  tags: string[];
  createdAt: Date;
  isDeleted: boolean;
  /** The version of its last change or deletion: comments raise the post's version as well, but are not counted here. */
  version: number;
  eventId: string;
}

export interface CommentFact {
  id: string;
  postId: string;
  authorId: string;
  createdAt: Date;
  eventId: string;
}

export interface VoteFact {
  postId: string;
  userId: string;
  /** The place of the option in the poll, from 0. */
  option: number;
  votedAt: Date;
  eventId: string;
}

export interface ReportFact {
  postId: string;
  reportedAt: Date;
  eventId: string;
}

/** What somebody tells of themselves, as far as other stores keep it. */
export interface ProfileFact {
  userId: string;
  interests: string[];
  version: number;
  eventId: string;
}
