import type { Admin, KafkaJSError } from 'kafkajs';
import type { Settings } from '../../config.ts';
import { createDeadLetterView, type DeadLetterView } from '../../fanout/dead-letter-view.ts';
import { kafkaClient } from '../../fanout/kafka.ts';
import { names } from '../../fanout/names.ts';
import { ensureTopics } from '../../fanout/topics.ts';
import type { Context, RoomStore, SinkInfo } from '../../gateway/room.ts';
import { createSeam } from '../../gateway/seam.ts';
import { topics } from '../../schema/events/index.ts';

/** What queries need of Kafka. */
export interface KafkaStore extends RoomStore {
  /** The sinks of all rooms: who consumes what. */
  sinks: readonly SinkInfo[];
  deadLetters: DeadLetterView;
  /**
   * One call of the seam.
   * @param statement the requests of Kafka's protocol that it makes
   */
  call<T>(statement: string, work: (admin: Admin, signal: AbortSignal) => Promise<T>): Promise<T>;
}

export type RoomContext = Context<KafkaStore>;

/** Opens the admin client, which connects when it is first asked; the broker need not be there. */
export function openKafka(settings: Settings['kafka'], sinks: readonly SinkInfo[]): KafkaStore {
  // A page must not wait while kafkajs tries again: it asks anew, and then there is a new client.
  const kafka = kafkaClient({ settings, retries: 0 });
  const seam = createSeam({ store: 'kafka', timeoutMs: settings.timeoutMs, isOutage });
  const deadLetters = createDeadLetterView(kafka, names.deadLetters);
  let connecting: Promise<Admin> | undefined;

  const connect = async () => {
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
  };
  /** kafkajs leaves dead connections in its pool: after a failure the client is replaced. */
  const drop = (failed: Promise<Admin>) => {
    if (connecting === failed) connecting = undefined;
    failed.then((admin) => admin.disconnect()).catch(() => {});
  };

  const call: KafkaStore['call'] = (statement, work) =>
    seam(statement, async (signal) => {
      connecting ??= connect();
      const mine = connecting;
      signal.addEventListener('abort', () => drop(mine), { once: true });
      try {
        return await work(await mine, signal);
      } catch (error) {
        drop(mine);
        throw error;
      }
    });

  return {
    sinks,
    deadLetters,
    call,
    async ping() {
      await call('Metadata', (admin) => admin.describeCluster());
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
      const admin = connecting;
      connecting = undefined;
      await deadLetters.close();
      await admin?.then((open) => open.disconnect()).catch(() => {});
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
