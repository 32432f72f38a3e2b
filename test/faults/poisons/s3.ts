import { randomInt } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createPost, settings } from '../../harness.ts';
import { lakeEvents } from '../../lake.ts';
import { publish } from '../../publish.ts';
import { editPost } from './edit-post.ts';
import type { Poison, User } from './poison.ts';

/**
 * S3 refuses no event for what it says: the lake keeps all as they are. Natively objects are files, so one can stand where
 * the folder of a day should be; elsewhere a bucket policy could be in the way.
 */
export async function s3Poison({ token, id: userId }: User): Promise<Poison> {
  const { endpoint, region, accessKeyId, secretAccessKey, lakeBucket: Bucket } = settings.s3;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  const time = new Date(Date.UTC(2100, 0, randomInt(1_000_000))).toISOString();
  const Key = `raw/events/${time.slice(0, 'YYYY-MM-DD'.length).replaceAll('-', '/')}`;
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'in the way' }));
  let postId: string;
  return {
    async before() {
      const { id, eventId } = await createPost(token);
      postId = id;
      return eventId;
    },
    poison: () =>
      publish(
        'post.viewed',
        {
          ...{ key: postId, subject: postId, version: 1, actor: userId },
          data: { postId, userId, viewedAt: new Date().toISOString() },
        },
        { time },
      ),
    isFollowed: false,
    after: () => editPost(token, { postId, title: 'Edited' }),
    mend: () => client.send(new DeleteObjectCommand({ Bucket, Key })),
    isShown: async (eventId) => (await lakeEvents(settings, 'post_events')).some(({ id }) => id === eventId),
    [Symbol.asyncDispose]: async () => client.destroy(),
  };
}
