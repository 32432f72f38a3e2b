import { setTimeout as delay } from 'node:timers/promises';
import type { IHeaders } from 'kafkajs';
import type { Logger } from 'pino';
import { patiently } from '../gateway/guard.ts';
import type { EventType, StreamEvent, Topic } from '../schema/events/index.ts';
import { type ApplySteps, applyAll } from './apply.ts';
import { type OutageMember, outageBackoff, reasonOf } from './backoff.ts';
import { type DeadLetter, deadLetterOf, type Origin } from './dead-letters.ts';
import { type Item, readMessage } from './message.ts';
import { tell } from './observe.ts';
import { clamp, type Watermarks } from './offsets.ts';
import { Rewind, type Sink } from './sink.ts';
import { noteDead, processTraced, traceparentOf } from './tracing.ts';

/** One partition's way into a store: a queue, and a worker that applies it in order. */
export interface Lane {
  /** Takes fetched messages, unless the lane is still looking for where to begin. */
  offer(messages: readonly RawMessage[]): boolean;
  /** Ends it; fulfilled when nothing is in hand any more. */
  stop(): Promise<void>;
}

export interface RawMessage {
  offset: string;
  key: Buffer | null;
  value: Buffer | null;
  headers?: IHeaders;
}

/** What a lane needs of Kafka for its partition. */
export interface Feed {
  committed(): Promise<bigint | undefined>;
  watermarks(): Promise<Watermarks>;
  /** Makes the given offset the next that is fetched. */
  seek(offset: bigint): void;
  pause(): void;
  resume(): void;
  commit(offset: bigint): Promise<void>;
  bury(letter: DeadLetter): Promise<void>;
}

export interface LaneOptions {
  origin: Origin;
  /** The consumer group. */
  group: string;
  topic: Topic;
  sink: Sink;
  consumes: ReadonlySet<EventType>;
  feed: Feed;
  outage: OutageMember;
  logger: Logger;
}

const maxBatch = 500;
/** Fetching pauses above the first, and goes on below the second. */
const queueLimits = { pause: 1_000, resume: 500 };
/** An idle lane asks a store that keeps its own position whether it still has it: it may have been wiped meanwhile. */
const positionCheckMs = 2_000;

/** Opens a lane; the partition must be paused, and is resumed from where the store has to go on. */
export function openLane({ origin, group, topic, sink, consumes, feed, outage, logger }: LaneOptions): Lane {
  const { partition } = origin;
  const stopping = new AbortController();
  const { signal } = stopping;
  const queue: Item[] = [];
  let isOpen = false;
  let isPaused = true;
  /** Everything below it is applied, and committed or about to be. */
  let next = 0n;
  let wake = () => {};

  const storePosition = async () => (await sink.positions?.(topic))?.get(partition);

  async function begin(): Promise<void> {
    const [committed, marks, position] = await Promise.all([feed.committed(), feed.watermarks(), storePosition()]);
    // A store that keeps positions and has none for this partition has lost, or never had, all of it.
    const kept = sink.positions ? (position ?? marks.low) : undefined;
    let start = committed ?? marks.low;
    const hasLost = kept !== undefined && kept < start;
    if (hasLost) start = kept;
    start = clamp(start, marks);
    if (start !== committed) await feed.commit(start);
    if (hasLost) tell({ what: 'rewound', sink: origin.sink });
    outage.ends();
    goTo(start);
  }

  /** Takes nothing in any more until it has begun anew, from what is committed. */
  function close(): void {
    isOpen = false;
    isPaused = true;
    feed.pause();
  }

  function goTo(offset: bigint): void {
    queue.length = 0;
    next = offset;
    feed.seek(offset);
    feed.resume();
    isPaused = false;
    isOpen = true;
  }

  /** Goes back (or on) to where the store wants to be fed from, and commits it, so that nobody takes it for applied. */
  async function rewind(wanted: bigint): Promise<void> {
    const offset = clamp(wanted, await feed.watermarks());
    const log = { topic: origin.topic, partition, from: String(next), wanted: String(wanted), to: String(offset) };
    if (offset === wanted) logger.info(log, 'the store wants to be fed from elsewhere');
    else logger.error(log, 'the store wants what the log no longer has; it must be dropped and rebuilt');
    await feed.commit(offset);
    tell({ what: 'rewound', sink: origin.sink });
    goTo(offset);
  }

  const steps: ApplySteps = {
    signal,
    outage,
    probe: () => sink.probe(),
    async apply(run) {
      const events = eventsOf(run);
      const nextOffset = (run.at(-1) as Item).offset + 1n;
      // The position, and not the first message's offset: whatever lies between them is nothing that anybody can read.
      const firstOffset = next < nextOffset ? next : (run[0] as Item).offset;
      await patiently(() => sink.apply({ topic, partition, firstOffset, nextOffset, events }));
    },
    retried: (reason) => tell({ what: 'retried', sink: origin.sink, reason }),
    async bury(item, error) {
      const letter = deadLetterOf(item, origin, reasonOf(error));
      await persist(() => feed.bury(letter));
      tell({ what: 'buried', sink: origin.sink });
      noteDead(item);
      const { eventId, type, offset, reason } = letter;
      logger.error({ eventId, type, topic: origin.topic, partition, offset, reason }, 'an event is a dead letter now');
    },
    async advance(run) {
      next = (run.at(-1) as Item).offset + 1n;
      await persist(() => feed.commit(next));
      tell({ what: 'applied', sink: origin.sink, events: eventsOf(run) });
    },
  };

  /** Repeats what only Kafka can refuse, until it is done or the lane ends. */
  async function persist(work: () => Promise<void>): Promise<void> {
    const backoff = outageBackoff();
    while (true) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        logger.debug({ reason: reasonOf(error) }, 'Kafka refused; trying again');
        await backoff.wait(signal);
      }
    }
  }

  async function applyQueued(): Promise<void> {
    const run = queue.splice(0, maxBatch);
    if (isPaused && queue.length < queueLimits.resume) {
      feed.resume();
      isPaused = false;
    }
    for (const item of run) {
      if (item.reading.kind === 'unreadable') await steps.bury(item, item.reading.reason);
    }
    await processTraced(run, { ...origin, group }, () => applyAll(run, steps));
  }

  async function checkPosition(): Promise<void> {
    if (!sink.positions) return;
    const position = (await storePosition()) ?? (await feed.watermarks()).low;
    if (position < next && queue.length === 0) throw new Rewind(position);
  }

  async function work(): Promise<void> {
    const backoff = outageBackoff();
    while (!signal.aborted) {
      try {
        if (!isOpen) await begin();
        else if (queue.length > 0) await applyQueued();
        else if (await waitForMessages()) continue;
        else await checkPosition();
        backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Rewind) {
          await persist(() => rewind(error.nextOffset));
        } else {
          outage.begins(error);
          close();
        }
        // A store that wants the same again and again is not asked faster and faster.
        await backoff.wait(signal);
      }
    }
  }

  /** Whether messages came before it was time to look after the store's position. */
  async function waitForMessages(): Promise<boolean> {
    const timeUp = new AbortController();
    const bell = Promise.withResolvers<void>();
    wake = bell.resolve;
    const timer = delay(positionCheckMs, undefined, { signal: AbortSignal.any([timeUp.signal, signal]) });
    await Promise.race([bell.promise, timer.catch(() => {})]);
    timeUp.abort();
    return queue.length > 0 || signal.aborted || !sink.positions;
  }

  const done = work().catch((error: unknown) => {
    if (!signal.aborted) logger.error({ err: error }, 'a partition of this sink ended');
  });

  return {
    offer(messages) {
      if (!isOpen || signal.aborted) return false;
      for (const { offset, key, value, headers } of messages) {
        const reading = readMessage(value, consumes);
        const traceparent = traceparentOf({ headers }, reading);
        queue.push({ offset: BigInt(offset), message: { key, value }, reading, traceparent });
      }
      if (queue.length > queueLimits.pause) {
        feed.pause();
        isPaused = true;
      }
      wake();
      return true;
    },
    async stop() {
      stopping.abort();
      outage.leave();
      await done;
    },
  };
}

const eventsOf = (run: readonly Item[]): StreamEvent[] =>
  run.flatMap(({ reading }) => (reading.kind === 'event' ? [reading.event] : []));
