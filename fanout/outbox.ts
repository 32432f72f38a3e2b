import type { Logger } from 'pino';

/** An event that waits in a source of truth's outbox to be published. */
export interface OutboxRow {
  /** The event's id. */
  id: string;
  /** The Kafka topic. */
  topic: string;
  /** The message's key: the aggregate's id, whose events stay in order. */
  key: string;
  type: string;
  /** The whole CloudEvent, as JSON text. */
  payload: string;
  actorId: string | null;
  /** The span that publishes it, as W3C Trace Context's `traceparent`; only where it is traced. */
  traceparent?: string;
}

/** Where Kafka holds an event now. */
export interface Placed {
  row: OutboxRow;
  partition: number;
  offset: bigint;
}

/** An outbox that a relay is connected to; disposing hangs up. After an error it must be disposed and another opened. */
export interface Outbox extends AsyncDisposable {
  /**
   * Whether this relay is the one that works; asked before every read, and tried anew each time until it is.
   */
  leads(): Promise<boolean>;
  /** The oldest events that may be published, those of a key in their order. */
  read(limit: number): Promise<OutboxRow[]>;
  /**
   * Notes where published events are and drops them from the outbox. An event that was published twice keeps the position
   * that was noted first.
   */
  recordPublished(placed: readonly Placed[]): Promise<void>;
  /**
   * Removes some positions that nobody can follow any more: those older than seven days. So few at a time that no event has
   * to wait for it.
   * @returns whether there may be more of them
   */
  forgetOldPositions(): Promise<boolean>;
  /**
   * Waits until it is worth looking again, or the signal aborts.
   * @throws when the connection is lost, or AbortError
   */
  rest(signal: AbortSignal): Promise<void>;
}

/** A source of truth's outbox, as the relay is given it. */
export interface OutboxSource {
  /** The store's name. */
  name: string;
  /** @param logger is told of what fails beside the relay's own work */
  connect(logger: Logger): Promise<Outbox>;
}
