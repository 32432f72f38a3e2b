import type { QdrantClient } from '@qdrant/js-client-rest';
import { someOfEach } from '../../fanout/differences.ts';
import type { Difference, Source } from '../../fanout/sink.ts';
import { jsonRequest, placeholder } from '../../gateway/json-request.ts';
import type { CollectionName, Stand } from './points.ts';
import type { QdrantStore } from './store.ts';

/** Compares the version of every movie and post, and which posts are deleted, with the sources of truth. */
export async function verify(store: QdrantStore, source: Source): Promise<Difference[]> {
  const differences = await compare(store, source);
  return someOfEach(differences, ({ what, expected, actual }) =>
    [what.split(' ')[0], expected === 'absent', actual === 'absent'].join(),
  );
}

/** Every difference. */
export async function compare(store: QdrantStore, source: Source): Promise<Difference[]> {
  const movies = new Map<string, string>();
  for await (const aggregates of source.aggregates()) {
    for (const { type, id, version } of aggregates) {
      if (type === 'movie.changed') movies.set(id, describe({ version, deleted: false }));
    }
  }
  const posts = new Map<string, string>();
  for await (const facts of source.posts()) {
    for (const { id, version, isDeleted } of facts) posts.set(id, describe({ version, deleted: isDeleted }));
  }
  return [...(await compareCollection(store, 'movies', movies)), ...(await compareCollection(store, 'posts', posts))];
}

const describe = ({ version, deleted }: Omit<Stand, 'id'>) => `version ${version}${deleted ? ', deleted' : ''}`;

/** @param expected by id; emptied of what is found */
async function compareCollection(
  store: QdrantStore,
  collection: CollectionName,
  expected: Map<string, string>,
): Promise<Difference[]> {
  const kind = collection === 'movies' ? 'movie' : 'post';
  const differences: Difference[] = [];
  for await (const stands of standsOf(store, collection)) {
    for (const stand of stands) {
      const { id } = stand;
      const [wanted, actual] = [expected.get(id) ?? 'absent', describe(stand)];
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
async function* standsOf(store: QdrantStore, collection: CollectionName): AsyncGenerator<Stand[]> {
  const { text, bodyOf } = jsonRequest(`POST /collections/${collection}/points/scroll`, {
    offset: placeholder('offset'),
    limit: pointsPerPage,
    with_payload: ['id', 'version', 'deleted'],
    with_vector: false,
  });
  let offset: string | number | null = null;
  do {
    const parameters = { offset };
    const page: Page = await store.call({ text, parameters, isRead: true, rowsOf: pointsOf }, (client) =>
      client.scroll(collection, bodyOf(parameters)),
    );
    yield page.points.map(({ payload }) => payload as unknown as Stand);
    offset = (page.next_page_offset ?? null) as string | number | null;
  } while (offset !== null);
}
