import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { StreamEvent, Topic } from '../../schema/events/index.ts';
import { objectPages } from './queries.ts';
import type { S3Store } from './store.ts';

const folder = 'raw/events/';
const contentType = 'application/x-ndjson';

/** As many objects are written, or read and held in memory, at a time. */
export const requestsAtATime = 8;

/** An object of the lake before it is written. */
export interface LakeObject {
  key: string;
  /** One CloudEvent a line. */
  body: string;
}

/**
 * Cuts a batch into objects, one for each day on which its events happened; nearly always one.
 *
 * The key follows from nothing but the events: their day, the topic, the first one's id, and a digest of all their ids. So a
 * repeated batch writes the same bytes to the same key, and no other batch can ever overwrite them. A redelivery that is
 * cut in another way makes further objects, which hold the same events: readers of the lake count distinct event ids.
 */
export function lakeObjects(topic: Topic, events: readonly StreamEvent[]): LakeObject[] {
  // ISO 8601 in UTC begins with the day.
  const days = Map.groupBy(events, ({ time }) => time.slice(0, 'YYYY-MM-DD'.length).replaceAll('-', '/'));
  return [...days].map(([day, ofDay]) => {
    const ids = ofDay.map(({ id }) => id);
    const digest = createHash('sha256').update(ids.join('\n')).digest('hex').slice(0, 16);
    return {
      key: `${folder}${day}/${topic}-${ids[0]}-${digest}.ndjson`,
      body: ofDay.map((event) => `${JSON.stringify(event)}\n`).join(''),
    };
  });
}

export async function putLakeObject(store: S3Store, { key, body }: LakeObject): Promise<void> {
  const command = new PutObjectCommand({
    Bucket: store.lakeBucket,
    Key: key,
    Body: body,
    ContentType: contentType,
  });
  const text = `aws s3api put-object --bucket ${store.lakeBucket} --key $key --content-type ${contentType} --body $body`;
  await store.call({ text, parameters: { key, body } }, (client, options) => client.send(command, options));
}

/** The keys of all raw events, in pages of at most 1,000. */
export async function* lakeKeys(store: S3Store): AsyncGenerator<string[]> {
  for await (const objects of objectPages(store, { bucket: store.lakeBucket, prefix: folder })) {
    yield objects.flatMap(({ Key }) => Key ?? []);
  }
}

/**
 * The events of an object, as they were written.
 * @throws SyntaxError when the object is not NDJSON
 */
export async function readLakeObject(store: S3Store, key: string): Promise<StreamEvent[]> {
  const command = new GetObjectCommand({ Bucket: store.lakeBucket, Key: key });
  const text = `aws s3api get-object --bucket ${store.lakeBucket} --key $key /dev/stdout`;
  const body = await store.call({ text, parameters: { key }, isRead: true }, async (client, options) => {
    const object = await client.send(command, options);
    return (await object.Body?.transformToString()) ?? '';
  });
  return body
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
