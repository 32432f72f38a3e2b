import type { Logger } from 'pino';
import { Gauge } from 'prom-client';
import { registry } from '../gateway/registry.ts';
import { reasonOf } from './backoff.ts';
import { bounded } from './bounded.ts';
import type { DeadLetter } from './dead-letters.ts';
import type { SinkProgress } from './lags.ts';
import type { OutboxAge, PostgresOutboxAge } from './outbox-age.ts';

/** Whom to ask how far the write path is; those of other processes are absent. Each gives up by itself some time. */
export interface ProgressSources {
  postgres?(): Promise<PostgresOutboxAge>;
  mongo?(): Promise<OutboxAge>;
  /** How far each of this process' sinks is, by name. */
  lags?(): Promise<ReadonlyMap<string, SinkProgress>>;
  deadLetters?(): Promise<readonly DeadLetter[]>;
}

/**
 * Shows what servers must be asked for, which happens at a scrape. What is not known is left out, since Prometheus would take
 * an old figure for a present one.
 * @param sinks whose dead letters are counted
 */
export function measureProgress(sources: ProgressSources, sinks: readonly string[], logger: Logger): void {
  const asked = new Map<string, () => Promise<unknown>>();
  const registers = [registry];
  const askable = <T>(source: string, ask: (() => Promise<T>) | undefined) => {
    if (!ask) return undefined;
    const askBounded = bounded(ask, (error) =>
      logger.debug({ source, reason: reasonOf(error) }, 'no answer for a metric'),
    );
    asked.set(source, askBounded);
    return askBounded;
  };
  const postgres = askable('postgres', sources.postgres);
  const mongo = askable('mongo', sources.mongo);
  const lags = askable('lags', sources.lags);
  const deadLetters = askable('dead_letters', sources.deadLetters);

  new Gauge({
    name: 'streamshop_outbox_oldest_age_seconds',
    help: 'How long the oldest event waits to be published; 0 when none waits.',
    labelNames: ['outbox'],
    registers,
    async collect() {
      const ages = { postgres: await postgres?.(), mongo: await mongo?.() };
      this.reset();
      for (const [outbox, age] of Object.entries(ages)) if (age) this.set({ outbox }, age.oldestSeconds);
    },
  });
  new Gauge({
    name: 'streamshop_oldest_writing_transaction_seconds',
    help: 'How long the oldest transaction that has written runs: it holds back every event that came after it.',
    labelNames: ['outbox'],
    registers,
    async collect() {
      const age = await postgres?.();
      this.reset();
      if (age) this.set({ outbox: 'postgres' }, age.writingTransactionSeconds);
    },
  });
  new Gauge({
    name: 'streamshop_sink_lag_messages',
    help: 'Messages that a sink has yet to apply.',
    labelNames: ['sink'],
    registers,
    async collect() {
      const progress = await lags?.();
      this.reset();
      for (const [sink, { lag }] of progress ?? []) this.set({ sink }, lag);
    },
  });
  new Gauge({
    name: 'streamshop_sink_committed_offsets',
    help: "A sink's committed offsets, all together: moves with every message, those that do not concern it included.",
    labelNames: ['sink'],
    registers,
    async collect() {
      const progress = await lags?.();
      this.reset();
      for (const [sink, { applied }] of progress ?? []) this.set({ sink }, Number(applied));
    },
  });
  new Gauge({
    name: 'streamshop_sink_dead_letters_waiting',
    help: 'Dead letters that were not redriven yet.',
    labelNames: ['sink'],
    registers,
    async collect() {
      const letters = await deadLetters?.();
      this.reset();
      if (!letters) return;
      for (const name of sinks) this.set({ sink: name }, letters.filter(({ sink }) => sink === name).length);
    },
  });
  new Gauge({
    name: 'streamshop_fanout_scrape_ok',
    help: 'Whether a source told in time what was asked of it for this scrape; without, its series are left out.',
    labelNames: ['source'],
    registers,
    async collect() {
      await Promise.all(
        asked.entries().map(async ([source, ask]) => this.set({ source }, (await ask()) === undefined ? 0 : 1)),
      );
    },
  });
}
