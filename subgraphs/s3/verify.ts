import { someOf } from '../../fanout/differences.ts';
import type { Difference, Source } from '../../fanout/sink.ts';
import { concurrently } from '../../gateway/batches.ts';
import { type EventType, eventTypes, type StreamEvent } from '../../schema/events/index.ts';
import { createIdTable } from './id-table.ts';
import { lakeKeys, readLakeObject, requestsAtATime } from './lake.ts';
import type { S3Store } from './store.ts';

const types = Object.keys(eventTypes) as EventType[];

/**
 * Compares by ids. Of watches, comments, votes, reports of posts and of playback, and post views the sources tell all: these are
 * compared both ways. Of everything else they tell the newest event, which must be there. (With a deleted post its comments and
 * votes have gone from the source; the lake keeps them.) A few objects at a time are in memory, and of each event its id.
 */
export async function verify(store: S3Store, source: Source): Promise<Difference[]> {
  const expected = createIdTable();
  for await (const [type, ids] of idsOf(source)) for (const id of ids) expected.add(id, types.indexOf(type));
  const deletedPosts = new Set<string>();
  for await (const posts of source.posts()) for (const { id, isDeleted } of posts) if (isDeleted) deletedPosts.add(id);

  const unknown = new Map<string, EventType>();
  const unreadable: string[] = [];
  for await (const keys of lakeKeys(store)) {
    await concurrently(requestsAtATime, keys, async (key) => {
      const events = await readLakeObject(store, key).catch((error: unknown) => {
        if (!(error instanceof SyntaxError)) throw error;
        unreadable.push(key);
        return [];
      });
      for (const event of events) {
        if (!expected.mark(event.id) && mustBeKnown(event, deletedPosts)) unknown.set(event.id, event.type);
      }
    });
  }
  const missing = Array.from(expected.unmarked(), ({ id, kind }) => ({ id, type: types[kind] as EventType }));
  return [
    ...(await missingDifferences(source, missing)),
    ...[...Map.groupBy(unknown, ([, type]) => type).values()].flatMap((ofType) =>
      someOf(ofType.map(([id, type]) => ({ what: nameOf({ id, type }), expected: 'absent', actual: 'present' }))),
    ),
    ...someOf(unreadable.map((key) => ({ what: `lake object ${key}`, expected: 'NDJSON', actual: 'something else' }))),
  ];
}

/** The ids of the events that must be there, in chunks, by type. */
async function* idsOf(source: Source): AsyncGenerator<[EventType, string[]]> {
  for await (const chunk of source.watches()) yield ['watch.recorded', chunk.map(({ eventId }) => eventId)];
  for await (const chunk of source.comments()) yield ['comment.added', chunk.map(({ eventId }) => eventId)];
  for await (const chunk of source.votes()) yield ['poll.voted', chunk.map(({ eventId }) => eventId)];
  for await (const chunk of source.reports()) yield ['post.reported', chunk.map(({ eventId }) => eventId)];
  for await (const chunk of source.playbackReports()) yield ['playback.reported', chunk.map(({ id }) => id)];
  for await (const chunk of source.postViews()) yield ['post.viewed', chunk.map(({ id }) => id)];
  for await (const chunk of source.aggregates()) {
    for (const { type, eventId } of chunk) yield [type, [eventId]];
  }
}

const toldWhole: ReadonlySet<EventType> = new Set([
  ...(['watch.recorded', 'post.reported', 'playback.reported', 'post.viewed'] as const),
]);

/** Whether the sources tell of all events like this one. */
const mustBeKnown = (event: StreamEvent, deletedPosts: ReadonlySet<string>) =>
  event.type === 'comment.added' || event.type === 'poll.voted'
    ? !deletedPosts.has(event.data.postId)
    : toldWhole.has(event.type);

interface NamedEvent {
  id: string;
  type: EventType;
}

const nameOf = ({ id, type }: NamedEvent) => `${type} event ${id}`;

/** What is missing, by type; the newest event of something tells of what, for which the source is asked once more. */
async function missingDifferences(source: Source, missing: readonly NamedEvent[]): Promise<Difference[]> {
  const ofTypes = Map.groupBy(missing, ({ type }) => type);
  const subjects = new Map<string, string>();
  const wanted = new Set([...ofTypes.values()].flatMap((ofType) => ofType.slice(0, 50).map(({ id }) => id)));
  if (wanted.size > 0) {
    for await (const chunk of source.aggregates()) {
      for (const { eventId, id } of chunk) if (wanted.has(eventId)) subjects.set(eventId, id);
    }
  }
  return types.flatMap((type) =>
    someOf(
      (ofTypes.get(type) ?? []).map((event) => {
        const subject = subjects.get(event.id);
        const what = subject === undefined ? nameOf(event) : `${nameOf(event)} of ${subject}`;
        return { what, expected: 'present', actual: 'absent' };
      }),
    ),
  );
}
