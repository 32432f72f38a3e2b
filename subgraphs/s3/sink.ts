import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Sink } from '../../fanout/sink.ts';
import { concurrently } from '../../gateway/batches.ts';
import { lakeObjects, putLakeObject, requestsAtATime } from './lake.ts';
import type { S3Store } from './store.ts';
import { verify } from './verify.ts';

/** Writes every event to the lake; see `lakeObjects` for the names and why redelivery does no harm. */
export function s3Sink(store: S3Store): Sink {
  return {
    apply: ({ topic, events }) =>
      concurrently(requestsAtATime, lakeObjects(topic, events), (object) => putLakeObject(store, object)),
    async probe() {
      const body = new Date().toISOString();
      const command = new PutObjectCommand({ Bucket: store.lakeBucket, Key: 'probe', Body: body });
      const text = `aws s3api put-object --bucket ${store.lakeBucket} --key probe --body $body`;
      await store.call({ text, parameters: { body } }, (client, options) => client.send(command, options));
    },
    verify: (source) => verify(store, source),
  };
}
