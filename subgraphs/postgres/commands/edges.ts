import { chunks } from '../../../gateway/batches.ts';
import { type KeyedEvent, writeOutbox } from '../outbox.ts';
import type { PostgresStore, Transaction } from '../store.ts';
import { lockUsers, type NamedUser } from './users.ts';

const rowsPerTransaction = 1_000;

/** How a follow, a like or a block stands: since when, and by which event. */
export interface EdgeState {
  isOn: boolean;
  version: number;
  changedAt: Date;
  eventId: string;
}

/** What a follow, a like or a block is to become. */
export interface EdgeChange {
  /** The edge's id: the subject of its events. */
  subject: string;
  /** Whose edge it is. */
  actor: NamedUser;
  isOn: boolean;
  /** When it happened; now, if left out. */
  changedAt: Date | null;
}

/** A kind of edge: what is its own in a command. */
export interface EdgeKind<Change extends EdgeChange> {
  /** Refuses edges to what is not there, whether they change or not. */
  checkTargets?(tx: Transaction, changes: readonly Change[]): Promise<void>;
  /** Refuses what must not become so; is given only what would change, once the actors are locked. */
  checkChanges?(tx: Transaction, changes: readonly Change[]): Promise<void>;
  /** The edges that are there, by subject. A statement begun after the lock sees all of them. */
  read(tx: Transaction, changes: readonly Change[]): Promise<Map<string, EdgeState>>;
  eventOf(change: Change, state: Omit<EdgeState, 'eventId'>): KeyedEvent;
  /** Writes the last state of each edge. */
  write(tx: Transaction, edges: readonly (Change & EdgeState)[]): Promise<void>;
}

/**
 * Changes edges in the order given, each change with its event; at most a thousand in a transaction.
 * @returns how each edge stands after its change; undefined where there is none
 */
export async function changeEdges<Change extends EdgeChange>(
  store: PostgresStore,
  kind: EdgeKind<Change>,
  changes: readonly Change[],
): Promise<(EdgeState | undefined)[]> {
  const states: (EdgeState | undefined)[] = [];
  for (const batch of chunks(changes, rowsPerTransaction)) {
    const after = await store.transaction('change edges', async (tx) => {
      const actors = batch.map(({ actor }) => actor);
      await lockUsers(tx, actors);
      return await changeLocked(tx, kind, batch);
    });
    states.push(...after);
  }
  return states;
}

/** The same within a transaction that has locked the actors. */
export async function changeLocked<Change extends EdgeChange>(
  tx: Transaction,
  kind: EdgeKind<Change>,
  changes: readonly Change[],
): Promise<(EdgeState | undefined)[]> {
  await kind.checkTargets?.(tx, changes);
  const known = await kind.read(tx, changes);
  const { answers, advanced, rows, events } = advanceAll(kind, changes, known);
  if (advanced.length > 0) {
    await kind.checkChanges?.(tx, advanced);
    await kind.write(tx, rows);
    await writeOutbox(tx, events);
  }
  return answers;
}

function advanceAll<Change extends EdgeChange>(
  { eventOf }: EdgeKind<Change>,
  changes: readonly Change[],
  known: Map<string, EdgeState>,
) {
  // The last state of each edge: no row can be written twice in one statement.
  const rows = new Map<string, Change & EdgeState>();
  const advanced: Change[] = [];
  const events: KeyedEvent[] = [];
  const answers = changes.map((change) => {
    const before = known.get(change.subject);
    const next = advance(before, change);
    if (!next) return before;
    const event = eventOf(change, next);
    const after = { ...next, eventId: event.event.id };
    known.set(change.subject, after);
    rows.set(change.subject, { ...change, ...after });
    advanced.push(change);
    events.push(event);
    return after;
  });
  return { answers, advanced, rows: [...rows.values()], events };
}

/**
 * The state after a change; undefined where it changes nothing: the edge is so already, or has changed since the time that
 * is given. Without one it is now, and never before the state that it follows: clocks of two processes may differ.
 */
function advance(
  before: EdgeState | undefined,
  { isOn, changedAt }: EdgeChange,
): Omit<EdgeState, 'eventId'> | undefined {
  if (isOn === (before?.isOn ?? false)) return undefined;
  if (before && changedAt && changedAt < before.changedAt) return undefined;
  const at = changedAt ?? new Date(Math.max(Date.now(), before?.changedAt.getTime() ?? 0));
  return { isOn, version: (before?.version ?? 0) + 1, changedAt: at };
}
