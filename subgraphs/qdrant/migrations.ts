/** A collection: points with one vector each, compared by cosine. */
interface Collection {
  name: string;
  /** Payload fields that filters name. */
  indexes: readonly { field_name: string; field_schema: 'keyword' | 'integer' | 'datetime' }[];
}

/**
 * The collections. An index is made before the points come, so that the graph (HNSW) gets links for filtered search from the
 * start. Making what is there changes nothing; a further index is a line more. Another embedding model is another space:
 * delete the collections and let the sink read Kafka from the beginning (README.md).
 */
export const collections: readonly Collection[] = [
  {
    name: 'movies',
    indexes: [
      { field_name: 'genres', field_schema: 'keyword' },
      { field_name: 'releaseYear', field_schema: 'integer' },
    ],
  },
  {
    name: 'posts',
    indexes: [
      { field_name: 'movieId', field_schema: 'keyword' },
      { field_name: 'tags', field_schema: 'keyword' },
      { field_name: 'createdAt', field_schema: 'datetime' },
    ],
  },
  // Found by their ids only.
  { name: 'viewers', indexes: [] },
  // Where the sink shows that it can embed and that Qdrant takes what it gives.
  { name: 'sink_probe', indexes: [] },
];
