import { QdrantClient } from '@qdrant/js-client-rest';
import { pointId } from '../../../subgraphs/qdrant/points.ts';
import { askWhole, createPost, settings } from '../../harness.ts';
import { publish } from '../../publish.ts';
import { editPost } from './edit-post.ts';
import type { Poison, User } from './poison.ts';

/** Qdrant takes no half of a surrogate pair. The post moves on, and the poison is outdated. */
export function qdrantPoison({ token, id: authorId }: User): Poison {
  const client = new QdrantClient({ url: settings.qdrant.url, checkCompatibility: false });
  let postId: string;
  const edit = (title: string) => editPost(token, { postId, title });
  return {
    async before() {
      const { id, eventId } = await createPost(token);
      postId = id;
      return eventId;
    },
    async poison() {
      // The post's own time: it is a key in other stores, which take the event.
      const query = 'query ($id: ID!) { post(id: $id) { createdAt } }';
      const { post } = await askWhole(query, { variables: { id: postId } });
      return await publish('post.changed', {
        ...{ key: postId, subject: postId, version: 3, actor: authorId },
        data: {
          ...{ postId, authorId, movieId: null, title: 'A title', body: 'A body.', attachments: [], tags: ['\ud800'] },
          ...{ createdAt: post.createdAt, editedAt: new Date().toISOString() },
        },
      });
    },
    isFollowed: false,
    after: () => edit('Second'),
    async mend() {
      await edit('Third');
      await edit('Fourth');
    },
    async isShown() {
      const [point] = await client.retrieve('posts', { ids: [pointId(postId)] });
      return point?.payload?.version === 4;
    },
    async [Symbol.asyncDispose]() {},
  };
}
