import { definitions } from '../../../subgraphs/elasticsearch/indices.ts';
import { migrate } from '../../../subgraphs/elasticsearch/migrate.ts';
import { openElasticsearch } from '../../../subgraphs/elasticsearch/store.ts';
import { askWhole, createPost, settings, until } from '../../harness.ts';
import { editPost } from './edit-post.ts';
import type { Poison, User } from './poison.ts';

/** A mapping that completes titles, which may have no control characters then. It goes as it came, by a migration. */
export async function elasticsearchPoison({ token }: User): Promise<Poison> {
  const store = openElasticsearch(settings.elasticsearch);
  const { movies, posts } = definitions;
  const { properties } = posts.mappings;
  const completion = { type: 'completion', analyzer: 'standard' } as const;
  const title = { type: 'text', analyzer: 'english', fields: { completion } } as const;
  const strict = { ...posts, mappings: { ...posts.mappings, properties: { ...properties, title } } };
  await migrate({ ...store, definitions: { movies, posts: strict } });
  const poisonous = 'A title with a \u001f in it';
  let post: Awaited<ReturnType<typeof createPost>>;
  return {
    async before() {
      post = await createPost(token);
      return post.eventId;
    },
    poison: () => editPost(token, { postId: post.id, title: poisonous }),
    isFollowed: true,
    async after() {
      // Another post, since a later version of this one would outdate the poison. Its id decides on its partition.
      const partition = await partitionOf(post.eventId, token);
      for (;;) {
        const { eventId } = await createPost(token);
        if ((await partitionOf(eventId, token)) === partition) return eventId;
      }
    },
    mend: () => store.migrate(),
    async isShown() {
      const document = await store.call('GET /posts/_doc/ID', (client, options) =>
        client.get<{ title: string }>({ index: 'posts', id: post.id }, options),
      );
      return document._source?.title === poisonous;
    },
    async [Symbol.asyncDispose]() {
      // It would be in the way of the next such mapping.
      await askWhole('mutation ($id: ID!) { deletePost(input: { postId: $id }) { postId } }', {
        token,
        variables: { id: post.id },
      });
      await store.close();
    },
  };
}

/** The partition that holds an event, once it is published. */
const partitionOf = (eventId: string, token: string) =>
  until(`${eventId} is published`, async () => {
    const query = 'query ($id: ID!) { event(id: $id) { partition } }';
    const { event } = await askWhole(query, { token, variables: { id: eventId } });
    return event.partition === null ? null : `${event.partition}`;
  });
