import { someOfEach } from '../../fanout/differences.ts';
import type { Difference, PlaybackFact, Source } from '../../fanout/sink.ts';
import { compareFeeds } from './feed/verify-feed.ts';
import { certainlyKeptSince } from './retention.ts';
import type { CassandraStore } from './store.ts';
import { compareDeeds } from './verify-social.ts';

/** After so many differences of a kind it is not worth while to look for more: what was lost is not named row by row. */
const mostOfFeeds = 1_000;

/** Compares what users did, the movies to go on with, and feeds, with the sources of truth. */
export async function verify(store: CassandraStore, source: Source): Promise<Difference[]> {
  const differences = await compare(store, source);
  for (const comparison of compareFeeds(store, source)) {
    const begun = differences.length;
    for await (const difference of comparison) {
      differences.push(difference);
      if (differences.length - begun === mostOfFeeds) break;
    }
  }
  return someOfEach(differences, ({ what, expected }) => `${what.split(' ')[0]} ${expected === 'absent'}`);
}

/** Every difference in what users did. */
export async function compare(store: CassandraStore, source: Source): Promise<Difference[]> {
  return [
    ...(await compareActivities(store, source)),
    ...(await comparePlaces(store, source)),
    ...(await compareDeeds(store, source)),
  ];
}

async function compareActivities(store: CassandraStore, source: Source): Promise<Difference[]> {
  const since = certainlyKeptSince();
  const missing = new Map<string, string>();
  for await (const watches of source.watches()) {
    for (const { eventId, userId, watchedAt } of watches) if (watchedAt >= since) missing.set(eventId, userId);
  }
  const differences: Difference[] = [];
  const rows = `SELECT user_id, activity_time, event_id FROM ${store.keyspace}.user_activity_by_user`;
  for await (const page of store.scan(rows)) {
    for (const { user_id, activity_time, event_id } of page) {
      const eventId = String(event_id);
      if (missing.get(eventId) === user_id) missing.delete(eventId);
      else if (activity_time >= since) {
        differences.push({ what: `activity ${eventId} of user ${user_id}`, expected: 'absent', actual: 'present' });
      }
    }
  }
  for (const [eventId, userId] of missing) {
    differences.push({ what: `activity ${eventId} of user ${userId}`, expected: 'present', actual: 'absent' });
  }
  return differences;
}

async function comparePlaces(store: CassandraStore, source: Source): Promise<Difference[]> {
  const expected = new Map<string, string[]>();
  for await (const playbacks of source.playbacks()) {
    for (const playback of playbacks) if (!playback.completed) expected.set(nameOf(playback), [placeOf(playback)]);
  }
  // A list: a movie that stands in two places is the mistake that this table invites.
  const actual = new Map<string, string[]>();
  const rows = `SELECT user_id, last_watched_at, movie_id, position_seconds FROM ${store.keyspace}.continue_watching_by_user`;
  for await (const page of store.scan(rows)) {
    for (const row of page) {
      const name = nameOf({ userId: row.user_id, movieId: row.movie_id });
      const place = placeOf({ lastWatchedAt: row.last_watched_at, positionSeconds: row.position_seconds });
      actual.set(name, [...(actual.get(name) ?? []), place]);
    }
  }
  const describe = (places: readonly string[] = []) => places.join(' and ') || 'absent';
  return [...new Set([...expected.keys(), ...actual.keys()])].flatMap((what) => {
    const difference = { what, expected: describe(expected.get(what)), actual: describe(actual.get(what)) };
    return difference.expected === difference.actual ? [] : [difference];
  });
}

const nameOf = ({ userId, movieId }: Pick<PlaybackFact, 'userId' | 'movieId'>) =>
  `continuing movie ${movieId} of user ${userId}`;
const placeOf = ({ lastWatchedAt, positionSeconds }: Pick<PlaybackFact, 'lastWatchedAt' | 'positionSeconds'>) =>
  `${positionSeconds} s at ${lastWatchedAt.toISOString()}`;
