import { Client } from 'pg';
import type { Settings } from '../config.ts';
import type { SinkInfo } from '../gateway/room.ts';
import { lazyClient } from '../subgraphs/kafka/client.ts';
import { createDeadLetterView } from './dead-letter-view.ts';
import { kafkaClient } from './kafka.ts';
import { fetchSinkProgress } from './lags.ts';
import { mongoClient } from './mongo-outbox.ts';
import { names } from './names.ts';
import { readMongoOutboxAge, readPostgresOutboxAge } from './outbox-age.ts';
import { hangUp } from './postgres-outbox.ts';
import type { ProgressSources } from './progress-metrics.ts';

/** What a process of the workers runs, and so tells of. */
export interface Runs {
  /** The outboxes that it relays. */
  outboxes: readonly string[];
  sinks: readonly SinkInfo[];
}

/** The servers themselves, over connections of their own that open at the first scrape and are replaced when they fail. */
export function openProgressSources(settings: Settings, { outboxes, sinks }: Runs): ProgressSources & AsyncDisposable {
  const postgres = lazyClient(() => {
    const client = postgresClient(settings.postgres);
    return connect(client, () => hangUp(client));
  });
  const mongo = lazyClient(() => {
    const client = mongoClient(settings.mongo);
    return connect(client, () => client.close(true));
  });
  const kafka = kafkaClient({ settings: settings.kafka, retries: 3 });
  const admins = lazyClient(() => {
    const admin = kafka.admin();
    return connect(admin, () => admin.disconnect());
  });
  const letters = createDeadLetterView(kafka, names.deadLetters);
  /** Joining a group takes some seconds the first time. */
  const patience = () => AbortSignal.timeout(4 * settings.kafka.timeoutMs);

  return {
    ...(outboxes.includes('postgres') && {
      postgres: () => postgres.use(({ client }) => readPostgresOutboxAge(client)),
    }),
    ...(outboxes.includes('mongo') && { mongo: () => mongo.use(({ client }) => readMongoOutboxAge(client.db())) }),
    ...(sinks.length > 0 && {
      lags: () => admins.use(({ client }) => fetchSinkProgress(client, sinks, names)),
      deadLetters: () => admins.use(({ client }) => letters.read(client, patience())),
    }),
    async [Symbol.asyncDispose]() {
      await Promise.all([postgres.close(), mongo.close(), letters.close(), admins.close()]);
    },
  };
}

function postgresClient({ url, timeoutMs }: Settings['postgres']): Client {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'streamshop-metrics',
  });
  // What breaks is told by the next query.
  client.on('error', () => {});
  return client;
}

/** Connects a client; one that cannot be connected is closed. */
async function connect<Client extends { connect(): Promise<unknown> }>(
  client: Client,
  disconnect: () => Promise<void>,
) {
  try {
    await client.connect();
    return { client, disconnect };
  } catch (error) {
    await disconnect().catch(() => {});
    throw error;
  }
}
