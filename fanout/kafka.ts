import { Kafka, logLevel } from 'kafkajs';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';

/** What a Kafka client is made of. */
export interface KafkaOptions {
  settings: Settings['kafka'];
  /** Gets kafkajs' own lines at debug level; without it they are dropped. */
  logger?: Logger;
  /** How often a request is tried again. Readers that must fail fast take 0. */
  retries: number;
}

/**
 * A kafkajs client. Every retry setting is given, because kafkajs has others when NODE_ENV is `test`, and its own
 * patience (half a minute for one request) would hide an outage from whoever waits.
 */
export function kafkaClient({ settings, logger, retries }: KafkaOptions): Kafka {
  return new Kafka({
    clientId: 'streamshop',
    brokers: settings.brokers,
    connectionTimeout: Math.min(settings.timeoutMs, 1_000),
    requestTimeout: settings.timeoutMs,
    retry: { retries, initialRetryTime: 50, maxRetryTime: 500, factor: 0.2, multiplier: 2 },
    logLevel: logger ? logLevel.WARN : logLevel.NOTHING,
    // What goes wrong is logged by those who use the client, once an outage; kafkajs repeats itself.
    logCreator: () => (entry) => logger?.debug({ kafkajs: entry.namespace }, entry.log.message),
  });
}
