import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import type { Settings } from '../config.ts';
import type { StreamEvent } from '../schema/events/index.ts';

/** Reads every event of a topic from the lake past the project's own store, in the order of their ids; each id once. */
export async function lakeEvents({ s3 }: Settings, topic: string): Promise<StreamEvent[]> {
  const { endpoint, region, accessKeyId, secretAccessKey, lakeBucket } = s3;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const events = new Map<string, StreamEvent>();
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client },
    { Bucket: lakeBucket, Prefix: 'raw/events/' },
  )) {
    for (const { Key = '' } of Contents) {
      if (!Key.includes(topic)) continue;
      const { Body } = await client.send(new GetObjectCommand({ Bucket: lakeBucket, Key }));
      const lines = (await Body?.transformToString())?.split('\n').filter(Boolean) ?? [];
      for (const line of lines) {
        const event = JSON.parse(line) as StreamEvent;
        events.set(event.id, event);
      }
    }
  }
  client.destroy();
  return [...events.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
