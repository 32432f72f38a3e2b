import { PutObjectCommand } from '@aws-sdk/client-s3';
import { someOf } from '../../fanout/differences.ts';
import type { Difference, Sink, Source } from '../../fanout/sink.ts';
import { concurrently } from '../../gateway/batches.ts';
import { lakeKeys, lakeObjects, putLakeObject, readLakeObject } from './lake.ts';
import type { S3Store } from './store.ts';

const requestsAtATime = 8;

/** Writes every event to the lake; see `lakeObjects` for the names and why redelivery does no harm. */
export function s3Sink(store: S3Store): Sink {
  return {
    apply: ({ topic, events }) =>
      concurrently(requestsAtATime, lakeObjects(topic, events), (object) => putLakeObject(store, object)),
    async probe() {
      const command = new PutObjectCommand({ Bucket: store.lakeBucket, Key: 'probe', Body: new Date().toISOString() });
      await store.call(`PutObject s3://${store.lakeBucket}/probe`, (client, options) => client.send(command, options));
    },
    verify: (source) => verify(store, source),
  };
}

/**
 * Compares the ids of all watches, both ways, and that the newest event of every user and movie is there: of their older
 * events the source no longer tells.
 */
async function verify(store: S3Store, source: Source): Promise<Difference[]> {
  const watches = new Set<string>();
  for await (const facts of source.watches()) for (const { eventId } of facts) watches.add(eventId);
  const aggregates = new Map<string, string>();
  for await (const facts of source.aggregates()) {
    for (const { eventId, type, id } of facts) aggregates.set(eventId, `${type} event ${eventId} of ${id}`);
  }

  const missing = new Set([...watches, ...aggregates.keys()]);
  const unknown = new Set<string>();
  const unreadable: string[] = [];
  for await (const keys of lakeKeys(store)) {
    await concurrently(requestsAtATime, keys, async (key) => {
      const events = await readLakeObject(store, key).catch((error: unknown) => {
        if (!(error instanceof SyntaxError)) throw error;
        unreadable.push(key);
        return [];
      });
      for (const { id, type } of events) {
        missing.delete(id);
        if (type === 'watch.recorded' && !watches.has(id)) unknown.add(id);
      }
    });
  }
  const nameOf = (id: string) => aggregates.get(id) ?? `watch event ${id}`;
  return [
    ...someOf([...missing].map((id) => ({ what: nameOf(id), expected: 'present', actual: 'absent' }))),
    ...someOf([...unknown].map((id) => ({ what: nameOf(id), expected: 'absent', actual: 'present' }))),
    ...someOf(unreadable.map((key) => ({ what: `lake object ${key}`, expected: 'NDJSON', actual: 'something else' }))),
  ];
}
