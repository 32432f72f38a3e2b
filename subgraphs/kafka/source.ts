import type { Kafka } from 'kafkajs';
import { readMessage } from '../../fanout/message.ts';
import { names } from '../../fanout/names.ts';
import type { Facts, Source } from '../../fanout/sink.ts';
import { type EventType, eventTypes, type StreamEventOf } from '../../schema/events/index.ts';
import { readTopic } from './read-topic.ts';

/** What Kafka alone has, since it is written to nowhere else. An event that was sent twice is given twice. */
export const kafkaSource = (kafka: Kafka): Pick<Source, 'playbackReports' | 'postViews'> => ({
  playbackReports: () => eventsOf(kafka, 'playback.reported'),
  postViews: () => eventsOf(kafka, 'post.viewed'),
});

/** Every event of a type that its topic holds now, the oldest of each partition first. */
async function* eventsOf<T extends EventType>(kafka: Kafka, type: T): Facts<StreamEventOf<T>> {
  const only = new Set([type]);
  for await (const messages of readTopic(kafka, names.topic(eventTypes[type].topic))) {
    const readings = messages.map(({ value }) => readMessage(value, only));
    // What is no event at all is a dead letter of every sink.
    yield readings.flatMap((reading) => (reading.kind === 'event' ? [reading.event as StreamEventOf<T>] : []));
  }
}
