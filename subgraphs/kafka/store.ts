import type { Admin, KafkaJSError } from 'kafkajs';
import type { Settings } from '../../config.ts';
import { createDeadLetterView, type DeadLetterView } from '../../fanout/dead-letter-view.ts';
import { kafkaClient } from '../../fanout/kafka.ts';
import { names } from '../../fanout/names.ts';
import { ensureTopics } from '../../fanout/topics.ts';
import type { Context, RoomStore, SinkInfo } from '../../gateway/room.ts';
import { createSeam, type Statement } from '../../gateway/seam.ts';
import { topics } from '../../schema/events/index.ts';
import type { KeyedEvent } from '../../schema/events/make.ts';
import { lazyClient } from './client.ts';
import { createOutgoing } from './outgoing.ts';
import { commands, inKafkaShell, topicOf, type Written } from './shell.ts';

/** The sources of truth whose events can be asked for by their id. */
export const eventSources = ['postgres', 'mongo'] as const;
export type EventSource = (typeof eventSources)[number];

/** What queries and commands need of Kafka. */
export interface KafkaStore extends RoomStore {
  /** The sinks of all rooms: who consumes what. */
  sinks: readonly SinkInfo[];
  /** The sources of truth that may know an event. */
  sources: readonly EventSource[];
  deadLetters: DeadLetterView;
  /**
   * One call of the seam.
   * @param statement commands of Kafka's own shell that make the same requests
   */
  call<T>(statement: Statement<T>, work: (admin: Admin, signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Writes events to their topics; done when every in-sync replica has them. After an error they may be there as well. */
  send(events: readonly KeyedEvent[]): Promise<void>;
}

export type RoomContext = Context<KafkaStore>;

/**
 * Opens the clients, which connect when they are first asked; the broker need not be there.
 * @param sources those of the sources of truth that are switched on
 */
export function openKafka(
  settings: Settings['kafka'],
  sinks: readonly SinkInfo[],
  sources: readonly EventSource[] = eventSources,
): KafkaStore {
  // A page must not wait while kafkajs tries again: it asks anew, and then there is a new client.
  const kafka = kafkaClient({ settings, retries: 0 });
  const seam = createSeam({
    ...{ store: 'kafka', timeoutMs: settings.timeoutMs, isOutage },
    inShell: (statement, parameters) => inKafkaShell({ statement, parameters }, settings.brokers),
  });
  const deadLetters = createDeadLetterView(kafka, names.deadLetters);
  const outgoing = createOutgoing(kafka);
  const admins = lazyClient(async () => {
    const admin = kafka.admin();
    try {
      await admin.connect();
      // kafkajs looks for coordinators among the brokers that it knows; without retries it must know them beforehand.
      await admin.describeCluster();
      return admin;
    } catch (error) {
      await admin.disconnect();
      throw error;
    }
  });
  const call: KafkaStore['call'] = (statement, work) =>
    seam(statement, (signal) => admins.use((admin) => work(admin, signal), signal));

  return {
    sinks,
    sources,
    deadLetters,
    call,
    async send(events) {
      const text = commands.produce(new Set(events.map(topicOf)));
      await seam({ text, parameters: { events } satisfies Written }, () => outgoing.send(events));
    },
    async ping() {
      await call({ text: commands.clusterId, isRead: true }, (admin) => admin.describeCluster());
    },
    // Not behind the seam: a fresh broker may take longer to make topics than a page may wait.
    async migrate() {
      const admin = kafkaClient({ settings, retries: 8 }).admin();
      try {
        await admin.connect();
        await ensureTopics(admin, { names, topics, sinks: sinks.map(({ name }) => name) });
      } finally {
        await admin.disconnect();
      }
    },
    async close() {
      await Promise.all([deadLetters.close(), admins.close(), outgoing.close()]);
    },
  };
}

/**
 * kafkajs calls retriable whatever another attempt might cure: broken connections, and a broker that is not ready. All
 * but one error: that no broker it asked for a group's coordinator gave any answer.
 */
function isOutage(error: unknown): boolean {
  if (!(error instanceof Error && error.name.startsWith('KafkaJS'))) return false;
  if (error.name === 'KafkaJSGroupCoordinatorNotFound') return true;
  return (error as KafkaJSError).retriable || isOutage(error.cause);
}
