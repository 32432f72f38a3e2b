import { chunks } from '../../gateway/batches.ts';
import { jsonRequest, placeholder } from '../../gateway/json-request.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import { newestMovies } from './newest-movies.ts';
import { pointId, type ViewerPayload, type WatchedMovie } from './points.ts';
import type { QdrantStore } from './store.ts';
import { type Point, pointsPerWrite, writePoints } from './write-points.ts';

/** Each time somebody else has written first. There are few who write, so more than this means that something else is wrong. */
const mostRounds = 20;

/**
 * Notes what viewers have watched lately. A viewer's point is read, merged and written only if it is still the one that was
 * read. Qdrant does not tell which points an upsert has changed; so it is asked again, until all is there.
 */
export async function applyWatches(store: QdrantStore, events: readonly StreamEvent[]): Promise<void> {
  let watches = watchesOf(events);
  for (let round = 1; watches.size > 0; round += 1) {
    const changed = await changedBy(watches, store);
    if (changed.length > 0 && round > mostRounds) {
      throw new Error(`${changed.length} viewers could not be written: somebody else was quicker each time.`);
    }
    for (const chunk of chunks(changed, pointsPerWrite)) await writePoints(store, 'viewers', chunk.map(pointOf));
    watches = new Map(changed.map(({ id }) => [id, watches.get(id) ?? []]));
  }
}

/** The watches of each viewer. */
function watchesOf(events: readonly StreamEvent[]): Map<string, WatchedMovie[]> {
  const watches = new Map<string, WatchedMovie[]>();
  for (const { type, id: eventId, data } of events) {
    if (type !== 'watch.recorded') continue;
    const watch = { id: data.movieId, watchedAt: new Date(data.watchedAt).toISOString(), eventId };
    watches.set(data.userId, [...(watches.get(data.userId) ?? []), watch]);
  }
  return watches;
}

/** The viewers to whom these watches are news, as they will be. */
async function changedBy(
  watches: ReadonlyMap<string, readonly WatchedMovie[]>,
  store: QdrantStore,
): Promise<ViewerPayload[]> {
  const stored = await storedViewers(store, [...watches.keys()]);
  return [...watches].flatMap(([id, news]) => {
    const { movies = [], version = 0 } = stored.get(id) ?? {};
    const merged = newestMovies([...movies, ...news]);
    return sameWatches(movies, merged) ? [] : [{ id, movies: merged, version: version + 1 }];
  });
}

const viewerPoints = jsonRequest('POST /collections/viewers/points', {
  ids: placeholder('ids'),
  with_payload: ['id', 'movies', 'version'],
});

/** What is kept of viewers, by their ids; those of whom nothing is known are absent. */
export async function storedViewers(
  store: QdrantStore,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, ViewerPayload>> {
  const { text, bodyOf } = viewerPoints;
  const parameters = { ids: userIds.map(pointId) };
  const points = await store.call({ text, parameters, isRead: true }, (client) =>
    client.retrieve('viewers', bodyOf(parameters)),
  );
  const viewers = points.map(({ payload }) => payload as unknown as ViewerPayload);
  return new Map(viewers.map((viewer) => [viewer.id, viewer]));
}

const sameWatches = (some: readonly WatchedMovie[], others: readonly WatchedMovie[]) =>
  some.length === others.length && some.every(({ eventId }, index) => eventId === others[index]?.eventId);

const pointOf = (payload: ViewerPayload): Point => ({ id: pointId(payload.id), vector: {}, payload });
