import type { Admin } from 'kafkajs';
import type { Topic } from '../schema/events/index.ts';
import type { Names } from './names.ts';

/** Enough for four members of a group to share the work of a topic; a key stays in its partition for ever. */
const partitionsPerTopic = 4;

/** An event carries a whole aggregate, so it may be larger than Kafka's default of 1 MB. */
const maxMessageBytes = String(8 * 1024 * 1024);

/** What is made in Kafka. */
export interface TopicPlan {
  names: Names;
  topics: readonly Topic[];
  /** Names of the sinks, whose groups' coordinator is woken; a fresh broker needs a moment to find it. */
  sinks: readonly string[];
}

/**
 * Makes the topics that are not there yet. Safe to run again, and from several processes at once.
 * The events' topics keep everything, since derived stores are rebuilt from them; dead letters are compacted, so that
 * the topic holds one message for each that is outstanding.
 */
export async function ensureTopics(admin: Admin, { names, topics, sinks }: TopicPlan): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const wanted = [
    ...topics.map((topic) => ({
      topic: names.topic(topic),
      numPartitions: partitionsPerTopic,
      configEntries: [
        { name: 'cleanup.policy', value: 'delete' },
        { name: 'retention.ms', value: '-1' },
        { name: 'max.message.bytes', value: maxMessageBytes },
      ],
    })),
    {
      topic: names.deadLetters,
      numPartitions: 1,
      configEntries: [
        { name: 'cleanup.policy', value: 'compact' },
        // A dead letter wraps the whole message that it stands for.
        { name: 'max.message.bytes', value: String(2 * Number(maxMessageBytes)) },
      ],
    },
  ].filter(({ topic }) => !existing.has(topic));
  // -1: the broker's own default, which is one replica natively and three in a cluster.
  if (wanted.length > 0) {
    await admin.createTopics({
      topics: wanted.map((topic) => ({ ...topic, replicationFactor: -1 })),
      waitForLeaders: true,
    });
  }
  if (sinks.length > 0) await admin.describeGroups(sinks.map(names.group));
}
