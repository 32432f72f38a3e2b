import type { estypes } from '@elastic/elasticsearch';
import { forEach, ifGiven, placeholder } from '../../gateway/json-request.ts';
import { searchAll, sharedSearch } from './search.ts';
import type { ElasticsearchStore } from './store.ts';

/** Tombstones stay in the index: every search leaves them out. */
const isDeleted: estypes.QueryDslQueryContainer = { term: { deleted: true } };

/** The same order at every call, also among equals. */
const bestFirst: estypes.Sort = [{ _score: { order: 'desc' } }, { id: { order: 'asc' } }];

export interface RelatedKey {
  /** The movie. */
  id: string;
  first: number;
}

/** `like` names the movie: Elasticsearch looks its terms up itself, so that nothing has to be read first. */
const related = sharedSearch((index) => {
  const alike = (fields: string[], more: object) => ({
    // A term that no other movie has (min_doc_freq) can find none.
    more_like_this: {
      fields,
      like: { _index: index, _id: placeholder('id') },
      ...{ min_term_freq: 1, min_doc_freq: 2, ...more },
    },
  });
  return {
    size: placeholder('first'),
    _source: false,
    track_total_hits: false,
    query: {
      bool: {
        should: [
          alike(['tags'], { minimum_should_match: 1, boost: 3 }),
          alike(['genres'], { minimum_should_match: 1, boost: 2 }),
          alike(['title', 'synopsis'], { minimum_should_match: '20%', max_query_terms: 15 }),
        ],
        must_not: [isDeleted],
      },
    },
    sort: bestFirst,
  };
});

/**
 * Ids of the movies that are most like each movie: tags weigh most, then genres, then the words of title and synopsis; and each
 * of them the more, the rarer it is. The movie itself is left out of what is found.
 */
export async function relatedMovies(store: ElasticsearchStore, keys: readonly RelatedKey[]): Promise<string[][]> {
  const index = store.definitions.movies.alias;
  const answers = await searchAll(store, { search: related, index, keys });
  return answers.map(({ hits }) => hits.hits.map(({ _id }) => _id as string));
}

export interface FacetsKey {
  text: string | null;
  genres: string[];
  tags: string[];
}

export interface MovieFacets {
  total: number;
  genres: Facet[];
  tags: Facet[];
  decades: Facet[];
}

export interface Facet {
  value: string;
  count: number;
}

const mostValues = 50;

/**
 * Each word in one of the fields, by its stem: "space thriller" finds a thriller whose synopsis speaks of space. Or all of them in
 * the title, whatever their accents.
 */
const matches = {
  bool: {
    should: [
      {
        combined_fields: {
          query: placeholder('text'),
          fields: ['title^3', 'tags.text^2', 'genres.text^2', 'synopsis'],
          operator: 'and',
        },
      },
      { match: { 'title.folded': { query: placeholder('text'), operator: 'and' } } },
    ],
    minimum_should_match: 1,
  },
} satisfies estypes.QueryDslQueryContainer;

const facets = sharedSearch(() => ({
  size: 0,
  track_total_hits: true,
  query: {
    bool: {
      must: ifGiven('text', matches),
      filter: [
        ...forEach('genres', { term: { genres: placeholder('genre') } }),
        ...forEach('tags', { term: { tags: placeholder('tag') } }),
      ],
      must_not: [isDeleted],
    },
  },
  aggs: {
    genres: { terms: { field: 'genres', size: mostValues } },
    tags: { terms: { field: 'tags', size: mostValues } },
    decades: { histogram: { field: 'releaseYear', interval: 10, min_doc_count: 1, order: { _key: 'desc' } } },
  },
}));

/** What the matching movies have, counted in the same search that finds them; no movie itself is fetched (`size: 0`). */
export async function movieFacets(store: ElasticsearchStore, keys: readonly FacetsKey[]): Promise<MovieFacets[]> {
  const index = store.definitions.movies.alias;
  const answers = await searchAll<FacetAggregations>(store, { search: facets, index, keys });
  return answers.map(({ hits, aggregations }) => ({
    total: typeof hits.total === 'number' ? hits.total : (hits.total?.value ?? 0),
    genres: facetsOf(aggregations?.genres),
    tags: facetsOf(aggregations?.tags),
    decades: facetsOf(aggregations?.decades).map(({ value, count }) => ({ value: `${value}s`, count })),
  }));
}

type FacetAggregations = Record<'genres' | 'tags' | 'decades', Buckets>;

interface Buckets {
  buckets: { key: string | number; doc_count: number }[];
}

const facetsOf = (aggregation: Buckets | undefined): Facet[] =>
  (aggregation?.buckets ?? [])
    .slice(0, mostValues)
    .map(({ key, doc_count }) => ({ value: String(key), count: doc_count }));
