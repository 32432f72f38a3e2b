import type { estypes } from '@elastic/elasticsearch';
import { someOf } from '../../fanout/differences.ts';
import type { Difference, Source } from '../../fanout/sink.ts';
import { jsonRequest, placeholder } from '../../gateway/json-request.ts';
import type { Kind } from './indices.ts';
import type { ElasticsearchStore } from './store.ts';

/** What an index should hold of a movie or post; of a movie the source tells the version alone. */
interface Fact {
  version: number;
  deleted: boolean;
  title?: string;
}

const nouns: Record<Kind, string> = { movies: 'movie', posts: 'post' };

/** Compares ids and versions of all movies and posts, and the posts' titles and deletions, with the source of truth. */
export async function verify(store: ElasticsearchStore, source: Source): Promise<Difference[]> {
  const movies = new Map<string, Fact>();
  for await (const aggregates of source.aggregates()) {
    for (const { type, id, version } of aggregates) {
      if (type === 'movie.changed') movies.set(id, { version, deleted: false });
    }
  }
  const posts = new Map<string, Fact>();
  for await (const facts of source.posts()) {
    for (const { id, version, isDeleted, title } of facts) {
      posts.set(id, isDeleted ? { version, deleted: true } : { version, deleted: false, title });
    }
  }
  return [...(await compare(store, 'movies', movies)), ...(await compare(store, 'posts', posts))];
}

/** Takes out of `expected` what it finds. */
async function compare(store: ElasticsearchStore, kind: Kind, expected: Map<string, Fact>): Promise<Difference[]> {
  const extra: Difference[] = [];
  const wrong: Difference[] = [];
  for await (const documents of allDocuments(store, store.definitions[kind].alias)) {
    for (const { id, ...actual } of documents) {
      const what = `${nouns[kind]} ${id}`;
      const fact = expected.get(id);
      if (!fact) extra.push({ what, expected: 'absent', actual: 'present' });
      else if (!isSame(fact, actual)) wrong.push({ what, expected: tell(fact), actual: tell(actual) });
      expected.delete(id);
    }
  }
  const missing = [...expected.keys()].map((id) => ({
    what: `${nouns[kind]} ${id}`,
    expected: 'present',
    actual: 'absent',
  }));
  return [missing, extra, wrong].flatMap(someOf);
}

const isSame = (fact: Fact, actual: Fact) =>
  fact.version === actual.version &&
  fact.deleted === actual.deleted &&
  (fact.title === undefined || fact.title === actual.title);

const tell = ({ version, deleted, title }: Fact) =>
  [`version ${version}`, deleted && 'deleted', title && JSON.stringify(title)].filter(Boolean).join(', ');

const documentsPerPage = 5_000;
const hitsOf = ({ hits }: estypes.SearchResponse<Fact & { id: string }>) => hits.hits.length;

/** All documents, tombstones too, in pages by their id: `search_after` begins each where the last one ended. */
async function* allDocuments(store: ElasticsearchStore, index: string): AsyncGenerator<(Fact & { id: string })[]> {
  const { text, bodyOf } = jsonRequest(`POST /${index}/_search?allow_partial_search_results=false`, {
    size: documentsPerPage,
    _source: ['id', 'version', 'deleted', 'title'],
    sort: [{ id: 'asc' as const }],
    search_after: [placeholder('after')],
    track_total_hits: false,
  });
  // Before every id.
  let after = '';
  while (true) {
    const parameters = { after };
    const { hits } = await store.call({ text, parameters, isRead: true, rowsOf: hitsOf }, (client, options) =>
      client.search<Fact & { id: string }>(
        { index, allow_partial_search_results: false, ...bodyOf(parameters) },
        options,
      ),
    );
    const documents = hits.hits.flatMap(({ _source }) => _source ?? []);
    yield documents;
    after = documents.at(-1)?.id ?? '';
    if (documents.length < documentsPerPage) return;
  }
}
