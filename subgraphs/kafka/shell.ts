import { names } from '../../fanout/names.ts';
import type { Parameters } from '../../gateway/seam.ts';
import { eventTypes } from '../../schema/events/index.ts';
import type { KeyedEvent } from '../../schema/events/make.ts';

/** The events of a statement that writes. */
export interface Written extends Record<string, unknown> {
  events: readonly KeyedEvent[];
}

/** kafkajs speaks Kafka's protocol; these commands of Kafka's own shell make the same requests. */
export const commands = {
  /** OffsetFetch of each group, and ListOffsets of their topics. */
  describe: (groups: readonly string[]) =>
    ['kafka-consumer-groups.sh --describe', ...groups.map((group) => `--group ${group}`)].join(' '),
  /** Fetch, up to what there is. */
  readAll: (topic: string) => `kafka-console-consumer.sh --topic ${topic} --from-beginning --timeout-ms 5000`,
  /** Produce; a line has the headers, the key and the value, with tabs between them. */
  produce: (topics: Iterable<string>) =>
    Array.from(
      topics,
      (topic) => `kafka-console-producer.sh --topic ${topic} --property parse.headers=true --property parse.key=true`,
    ).join('\n'),
  /** Metadata. */
  clusterId: 'kafka-cluster.sh cluster-id',
};

export const topicOf = ({ event }: KeyedEvent): string => names.topic(eventTypes[event.type].topic);

/** Commands with their values, for a Unix shell with Kafka's `bin` in its path. */
export function inKafkaShell(
  { statement, parameters }: { statement: string; parameters: Parameters },
  brokers: readonly string[],
): string {
  const { events } = parameters as Partial<Written>;
  return statement
    .split('\n')
    .map((command) => {
      const addressed = `${command} --bootstrap-server ${brokers.join(',')}`;
      if (!events) return addressed;
      const [, topic] = /--topic (\S+)/.exec(command) ?? [];
      const lines = events
        .filter((event) => topicOf(event) === topic)
        .map(({ key, event }) => `id:${event.id}\t${key}\t${JSON.stringify(event)}`);
      return [`${addressed} <<'END'`, ...lines, 'END'].join('\n');
    })
    .join('\n');
}
