import type { QdrantClient } from '@qdrant/js-client-rest';
import { someOfEach } from '../../fanout/differences.ts';
import type { Difference, Source } from '../../fanout/sink.ts';
import { jsonRequest, placeholder } from '../../gateway/json-request.ts';
import { newestMovies } from './newest-movies.ts';
import type { CollectionName, MoviePayload, PostPayload, ViewerPayload, WatchedMovie } from './points.ts';
import type { QdrantStore } from './store.ts';

/**
 * Compares with the sources of truth the version of every movie and post, which posts are deleted, and what every viewer
 * watched last.
 */
export async function verify(store: QdrantStore, source: Source): Promise<Difference[]> {
  const differences = await compare(store, source);
  return someOfEach(differences, ({ what, expected, actual }) =>
    [what.split(' ')[0], expected === 'absent', actual === 'absent'].join(),
  );
}

/** Every difference. */
export async function compare(store: QdrantStore, source: Source): Promise<Difference[]> {
  return [
    ...(await compareWith(await expectedMovies(source), inMovies, store)),
    ...(await compareWith(await expectedPosts(source), inPosts, store)),
    ...(await compareWith(await expectedViewers(source), inViewers, store)),
  ];
}

async function expectedMovies(source: Source): Promise<Map<string, string>> {
  const movies = new Map<string, string>();
  for await (const aggregates of source.aggregates()) {
    for (const { type, id, version } of aggregates) {
      if (type === 'movie.changed') movies.set(id, versionText({ version, deleted: false }));
    }
  }
  return movies;
}

async function expectedPosts(source: Source): Promise<Map<string, string>> {
  const posts = new Map<string, string>();
  for await (const facts of source.posts()) {
    for (const { id, version, isDeleted } of facts) posts.set(id, versionText({ version, deleted: isDeleted }));
  }
  return posts;
}

async function expectedViewers(source: Source): Promise<Map<string, string>> {
  const viewers = new Map<string, WatchedMovie[]>();
  for await (const facts of source.watches()) {
    for (const [userId, watches] of Map.groupBy(facts, (fact) => fact.userId)) {
      const news = watches.map(({ movieId, watchedAt, eventId }) => ({
        ...{ id: movieId, watchedAt: watchedAt.toISOString(), eventId },
      }));
      viewers.set(userId, newestMovies([...(viewers.get(userId) ?? []), ...news]));
    }
  }
  return new Map([...viewers].map(([id, movies]) => [id, moviesText({ movies })]));
}

const versionText = ({ version, deleted }: Pick<MoviePayload | PostPayload, 'version' | 'deleted'>) =>
  `version ${version}${deleted ? ', deleted' : ''}`;

const moviesText = ({ movies }: Pick<ViewerPayload, 'movies'>) =>
  movies.map(({ id, eventId }) => `${id} by ${eventId}`).join(', ');

/** How the points of a collection are told. */
interface Telling<Payload> {
  kind: string;
  collection: CollectionName;
  /** What of the payload is told, beside the id. */
  fields: (keyof Payload & string)[];
  tell(payload: Payload): string;
}

const versionFields: Pick<Telling<MoviePayload | PostPayload>, 'fields' | 'tell'> = {
  fields: ['version', 'deleted'],
  tell: versionText,
};
const inMovies = { kind: 'movie', collection: 'movies', ...versionFields } as const;
const inPosts = { kind: 'post', collection: 'posts', ...versionFields } as const;
const inViewers: Telling<ViewerPayload> = {
  ...{ kind: 'viewer', collection: 'viewers', fields: ['movies'], tell: moviesText },
};

/** @param expected by id; emptied of what is found */
async function compareWith<Payload extends { id: string }>(
  expected: Map<string, string>,
  telling: Telling<Payload>,
  store: QdrantStore,
): Promise<Difference[]> {
  const { kind, tell } = telling;
  const differences: Difference[] = [];
  for await (const payloads of payloadsOf(store, telling)) {
    for (const payload of payloads) {
      const { id } = payload;
      const [wanted, actual] = [expected.get(id) ?? 'absent', tell(payload)];
      expected.delete(id);
      if (wanted !== actual) differences.push({ what: `${kind} ${id}`, expected: wanted, actual });
    }
  }
  for (const [id, wanted] of expected) differences.push({ what: `${kind} ${id}`, expected: wanted, actual: 'absent' });
  return differences;
}

const pointsPerPage = 2_000;

type Page = Awaited<ReturnType<QdrantClient['scroll']>>;
const pointsOf = ({ points }: Page) => points.length;

/** All points of a collection, without their vectors, page by page. */
async function* payloadsOf<Payload>(
  store: QdrantStore,
  { collection, fields }: Telling<Payload>,
): AsyncGenerator<Payload[]> {
  const { text, bodyOf } = jsonRequest(`POST /collections/${collection}/points/scroll`, {
    offset: placeholder('offset'),
    limit: pointsPerPage,
    with_payload: ['id', ...fields],
    with_vector: false,
  });
  let offset: string | number | null = null;
  do {
    const parameters = { offset };
    const page: Page = await store.call({ text, parameters, isRead: true, rowsOf: pointsOf }, (client) =>
      client.scroll(collection, bodyOf(parameters)),
    );
    yield page.points.map(({ payload }) => payload as unknown as Payload);
    offset = (page.next_page_offset ?? null) as string | number | null;
  } while (offset !== null);
}
