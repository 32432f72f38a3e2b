import type { Topic } from '../schema/events/index.ts';

/** How the write path's topics and groups are called in Kafka. */
export interface Names {
  topic(topic: Topic): string;
  /** The consumer group of a sink. */
  group(sink: string): string;
  deadLetters: string;
}

/** Names that all begin with a prefix, so that tests can share a Kafka with what runs. */
export const namesWith = (prefix: string): Names => ({
  topic: (topic) => `${prefix}${topic}`,
  group: (sink) => `${prefix}streamshop-${sink}`,
  deadLetters: `${prefix}dead_letters`,
});

export const names = namesWith('');
