import type { newUser } from '../../harness.ts';

export type User = Awaited<ReturnType<typeof newUser>>;

/** One event that is impossible for one store, which takes all others; and what mends it. */
export interface Poison extends AsyncDisposable {
  /** Does what goes before the poison in its partition; gives the event's id where it can be followed. */
  before(): Promise<string | undefined>;
  /** Does what is impossible, and gives the event's id. */
  poison(): Promise<string>;
  /** Whether the poison went through the graph, and so can be followed. */
  isFollowed: boolean;
  /** Does what goes behind the poison in its partition. */
  after(): Promise<string | undefined>;
  mend(): Promise<unknown>;
  /** Whether the store holds what it should once the poison, by its event's id, has been redriven. */
  isShown(eventId: string): Promise<boolean>;
}
