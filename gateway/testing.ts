import type { Channel } from 'node:diagnostics_channel';
import { type ExecutionResult, graphql } from 'graphql';
import { readSettings } from '../config.ts';
import { createRequest, roomContext } from './context.ts';
import { type Sessions, type Uploads, type Viewer, withRequest } from './request.ts';
import type { OpenRoom, Room } from './room.ts';
import { type StoreCall, storeCalls } from './seam.ts';
import { subgraphSchema } from './subgraph.ts';

/** A room opened alone, for the tests beside its files. */
export interface TestRoom extends AsyncDisposable {
  open: OpenRoom;
  /** Executes an operation on the room's own schema, as `viewer` (null: a visitor). */
  execute(
    source: string,
    options?: { viewer?: Viewer | null; variables?: object; uploads?: Uploads },
  ): Promise<ExecutionResult>;
}

/** Opens a room with a store against the servers of the environment's profile, and migrates it. */
export async function openTestRoom(room: Room): Promise<TestRoom> {
  if (!room.open) throw new Error(`${room.name} has no store to open`);
  const open = room.open({ settings: readSettings(), sinks: [] });
  await open.store.migrate();
  const schema = subgraphSchema(room);
  return {
    open,
    execute: async (source, { viewer = null, variables, uploads } = {}) => {
      const sessions = fixedSession(viewer);
      const request = createRequest({ token: viewer && 'test', sessions, uploads, timeoutMs: 10_000 });
      const contextValue = roomContext(request, { name: room.name, store: open.store });
      return await withRequest(request, () =>
        graphql({ schema, source, contextValue, variableValues: variables as Record<string, unknown> }),
      );
    },
    [Symbol.asyncDispose]: () => open.store.close(),
  };
}

/** The store calls that this process makes during `work`, in their order. */
export const callsDuring = (work: () => Promise<unknown>): Promise<StoreCall[]> => collect(storeCalls.start, work);

/** The store calls that end during `work`, as observers see them then: with `result` or `error`. */
export const endedCalls = (work: () => Promise<unknown>): Promise<StoreCall[]> => collect(storeCalls.asyncEnd, work);

async function collect(channel: Channel, work: () => Promise<unknown>): Promise<StoreCall[]> {
  const calls: StoreCall[] = [];
  // The message goes on to carry the call's outcome: kept is what the channel told.
  const note = (message: unknown) => void calls.push({ ...(message as StoreCall) });
  channel.subscribe(note);
  try {
    await work();
  } finally {
    channel.unsubscribe(note);
  }
  return calls;
}

/** Sessions for a room's own test, where who the viewer is is given and not what is tested. */
function fixedSession(viewer: Viewer | null): Sessions {
  return { create: async () => 'test', find: async () => viewer, end: async () => {} };
}
