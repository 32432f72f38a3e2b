import { channel } from 'node:diagnostics_channel';
import type { StreamEvent } from '../schema/events/index.ts';

/** What the write path tells whoever counts it. */
export type FanoutNews =
  /** A relay became the one that works on its outbox, or ceased to be. */
  | { what: 'leading'; outbox: string; isLeading: boolean }
  /** An event is in Kafka, and its position noted; after a crash in between it is told twice. */
  | { what: 'published'; topic: string }
  /** Events that a sink's store has, and whose offset is committed; told again when they are applied again. */
  | { what: 'applied'; sink: string; events: readonly StreamEvent[] }
  /** A sink tries again: its store was down, or a batch failed and is cut in half, or the one event that is left failed. */
  | { what: 'retried'; sink: string; reason: RetryReason }
  /** A message became a dead letter. */
  | { what: 'buried'; sink: string }
  /** A sink's store lacks what it had, and is fed again from before. */
  | { what: 'rewound'; sink: string };

export type RetryReason = 'store' | 'batch' | 'event';

/** Every `FanoutNews` of this process. */
export const fanoutNews = channel('streamshop:fanout');

/** Tells whoever listens; without a listener it costs nothing. */
export const tell = (news: FanoutNews): void => fanoutNews.publish(news);
