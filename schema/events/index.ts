import * as z from 'zod';
import { movieChanged } from './movie.ts';
import { playbackReported } from './playback.ts';
import { commentAdded, pollVoted, postChanged, postDeleted, postReported, postViewed } from './post.ts';
import { blockChanged, followChanged, likeChanged } from './social.ts';
import { profileChanged, userSignedUp } from './user.ts';
import { watchRecorded } from './watch.ts';

export type { LikeKind } from './social.ts';

/**
 * Every event type: the Kafka topic that carries it, and the schema of its data. Types only ever gain optional fields.
 * Each topic's key is what must stay in order: the user for `watch_events` and `user_events`, the actor for `social_events`,
 * the movie for `movie_events` and `playback_metrics`, the post for `post_events`.
 */
export const eventTypes = {
  'block.changed': { topic: 'social_events', data: blockChanged },
  'comment.added': { topic: 'post_events', data: commentAdded },
  'follow.changed': { topic: 'social_events', data: followChanged },
  'like.changed': { topic: 'social_events', data: likeChanged },
  'movie.changed': { topic: 'movie_events', data: movieChanged },
  'playback.reported': { topic: 'playback_metrics', data: playbackReported },
  'poll.voted': { topic: 'post_events', data: pollVoted },
  'post.changed': { topic: 'post_events', data: postChanged },
  'post.deleted': { topic: 'post_events', data: postDeleted },
  'post.reported': { topic: 'post_events', data: postReported },
  'post.viewed': { topic: 'post_events', data: postViewed },
  'profile.changed': { topic: 'user_events', data: profileChanged },
  'user.signed_up': { topic: 'user_events', data: userSignedUp },
  'watch.recorded': { topic: 'watch_events', data: watchRecorded },
} as const;

export type EventType = keyof typeof eventTypes;
export type Topic = (typeof eventTypes)[EventType]['topic'];
export type EventData<T extends EventType> = z.input<(typeof eventTypes)[T]['data']>;

export const topics: readonly Topic[] = [...new Set(Object.values(eventTypes).map(({ topic }) => topic))];

const sources = ['/streamshop/postgres', '/streamshop/mongo', '/streamshop/kafka'] as const;

/** A CloudEvent (CloudEvents 1.0, JSON format) with the extension attributes `version`, `actor` and `traceparent`. */
export type StreamEvent = { [T in EventType]: StreamEventOf<T> }[EventType];

export interface StreamEventOf<T extends EventType> {
  specversion: '1.0';
  /** UUIDv7; the same in every redelivery. */
  id: string;
  /** The room that wrote it. */
  source: (typeof sources)[number];
  type: T;
  /** The aggregate's id. */
  subject: string;
  /** When it was written to its source of truth, ISO 8601. */
  time: string;
  /** The aggregate's version after this event: 1, 2, 3 … */
  version: number;
  /** The user who caused it; null where the system did. Only the actor may follow the event. */
  actor: string | null;
  /** The span of the command that caused it (CloudEvents, Distributed Tracing extension); absent where it is not traced. */
  traceparent?: string;
  data: EventData<T>;
}

/** What every event has around its data. */
export const envelope = z.object({
  specversion: z.literal('1.0'),
  id: z.uuid(),
  source: z.enum(sources),
  type: z.enum(Object.keys(eventTypes) as [EventType, ...EventType[]]),
  subject: z.string().min(1),
  time: z.iso.datetime(),
  version: z.int().positive(),
  actor: z.string().nullable(),
  traceparent: z.string().optional(),
  data: z.unknown(),
});

/**
 * Reads an event as Kafka carries it. Fields that this version does not know yet are kept, so that a sink which stores
 * events whole loses nothing of a newer producer's.
 * @throws ZodError or SyntaxError when it is not an event of a known type
 */
export function parseEvent(json: string): StreamEvent {
  const event = JSON.parse(json);
  const { type, data } = envelope.parse(event);
  eventTypes[type].data.parse(data);
  return event;
}
