import { createHash } from 'node:crypto';
import type { estypes } from '@elastic/elasticsearch';

/** An index as it should be. Readers know it by its alias alone. */
export interface Definition {
  alias: string;
  settings: estypes.IndicesIndexSettings;
  mappings: estypes.MappingTypeMapping;
}

export type Kind = 'movies' | 'posts';
export type Definitions = Readonly<Record<Kind, Definition>>;

/**
 * Text is indexed up to three times: by stems (`english`), so that "dreams" finds "dreaming"; as written but without case and
 * accents (`folded`), so that "amelie" finds "Amélie"; and by the beginnings of its words (`prefixes`), for what is being typed.
 */
const analysis: estypes.IndicesIndexSettings['analysis'] = {
  filter: { beginnings: { type: 'edge_ngram', min_gram: 1, max_gram: 20, preserve_original: true } },
  analyzer: {
    folded: { type: 'custom', tokenizer: 'standard', filter: ['lowercase', 'asciifolding'] },
    prefixes: { type: 'custom', tokenizer: 'standard', filter: ['lowercase', 'asciifolding', 'beginnings'] },
  },
};

const settings: estypes.IndicesIndexSettings = {
  // The copying of `copy.ts` counts on one shard: sequence numbers are a shard's own.
  number_of_shards: 1,
  // One replica as soon as there is a second node for it.
  auto_expand_replicas: '0-1',
  // The longest that an acknowledged batch waits until it can be found. The default of 1 s would be the sink's pace.
  refresh_interval: '200ms',
  analysis,
};

const english = { type: 'text', analyzer: 'english' } as const;
const keyword = { type: 'keyword' } as const;
/** A word that is filtered and counted as a whole, and found by its stem as well. Too long a one is kept, not indexed. */
const label = { type: 'keyword', ignore_above: 256, fields: { text: english } } as const;
const title = {
  ...english,
  fields: {
    folded: { type: 'text', analyzer: 'folded' },
    // What is typed is looked up as it is: cut into its beginnings as well, "star" would find every word with an s.
    prefixes: { type: 'text', analyzer: 'prefixes', search_analyzer: 'folded' },
  },
} as const;

/** Every document has these. A deleted one has nothing else: it stays as a tombstone, for its version. */
const everywhere = { id: keyword, version: { type: 'long' }, deleted: { type: 'boolean' } } as const;

/**
 * The indices. A change here is a new index at the next `migrate()`, filled from the old one (`migrate.ts`).
 * Fields that the mapping does not know are kept and not indexed (`dynamic: false`), so that during a roll-out the documents
 * of a newer sink fit into the older index.
 */
export const definitions: Definitions = {
  movies: {
    alias: 'movies',
    settings,
    mappings: {
      dynamic: false,
      properties: {
        ...everywhere,
        title,
        synopsis: english,
        genres: label,
        tags: label,
        releaseYear: { type: 'integer' },
        runtimeMinutes: { type: 'integer' },
      },
    },
  },
  posts: {
    alias: 'posts',
    settings,
    mappings: {
      dynamic: false,
      properties: {
        ...everywhere,
        authorId: keyword,
        movieId: keyword,
        title,
        body: english,
        tags: label,
        createdAt: { type: 'date' },
        editedAt: { type: 'date' },
      },
    },
  },
};

/** The name of the index that has just this mapping and these settings: `movies-3f2a…`. */
export function indexName({ alias, settings, mappings }: Definition): string {
  const fingerprint = createHash('sha256').update(JSON.stringify({ settings, mappings })).digest('hex');
  return `${alias}-${fingerprint.slice(0, fingerprintLength)}`;
}

const fingerprintLength = 12;

/** Whether an index is, or was, one of a definition's: another one may have a name that only begins like it. */
export const isIndexOf = ({ alias }: Definition, name: string): boolean =>
  name.startsWith(`${alias}-`) && /^[0-9a-f]{12}$/.test(name.slice(alias.length + 1));
