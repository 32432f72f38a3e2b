import type { DocumentNode } from 'graphql';
import type { Settings } from '../config.ts';
import type { Sink, Source } from '../fanout/sink.ts';
import type { EventType } from '../schema/events/index.ts';
import { codedError, codeOf } from './errors.ts';
import type { RequestContext, Sessions, Uploads, Viewer } from './request.ts';

/** A room of `subgraphs/`: one store's slice of the graph, or a slice without a store that only computes. */
export interface Room {
  /** The folder's name, and the subgraph's, the store's and the sink's. */
  name: string;
  /** The room's slice of the graph, where it is not `schema.graphql` as it is. */
  typeDefs?: DocumentNode;
  /** Resolver map of the slice; resolvers get a `Context`. */
  resolvers: object;
  /** The event types that the room's sink consumes; absent where there is no sink. */
  consumes?: readonly EventType[];
  /** What it has to do with sessions: `keeps` them, and gives them when it is opened; or `uses` them in its resolvers. */
  sessions?: 'keeps' | 'uses';
  /** Its lists leave out whom the viewer blocks, see `hiddenFrom`: behind HTTP no other room is told whom that is. */
  hides?: true;
  /** What it has to do with uploads, as with sessions. */
  uploads?: 'keeps' | 'uses';
  /** Makes the clients of the store, without waiting for it: the gateway starts with a dead store as well. */
  open?(services: RoomServices): OpenRoom;
}

/** What a room is given to open itself. */
export interface RoomServices {
  settings: Settings;
  /** The sinks of all rooms: who consumes what. */
  sinks: readonly SinkInfo[];
}

export interface SinkInfo {
  name: string;
  consumes: readonly EventType[];
}

/** A room with its store's clients. */
export interface OpenRoom {
  store: RoomStore;
  sink?: Sink;
  /** Where the room keeps sessions. */
  sessions?: Sessions;
  /** Where the room keeps uploads. */
  uploads?: Uploads;
  /** Where the room's documents refer to uploads: those of these that one still refers to. */
  usedUploads?(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Whether there is no such document at all, as in a store that is new or was lost; given with `usedUploads`. */
  isWithoutDocuments?(): Promise<boolean>;
  /** Where the room is a source of truth, its part of what derived stores are verified against. */
  source?: Partial<Source>;
}

/** What every store can do, whatever it is. */
export interface RoomStore {
  /** A real query that answers when the store can be read. */
  ping(): Promise<void>;
  /** Creates or changes tables, topics, buckets; safe to run again. */
  migrate(): Promise<void>;
  close(): Promise<void>;
}

/** What resolvers get: the request, their own room's store and its batching. */
export interface Context<Store = undefined> {
  request: RequestContext;
  store: Store;
  /**
   * One key of a batched query. Keys that are asked for in one request level become one call of `query`, and a key is
   * asked for once per request.
   * @param query takes the distinct keys and gives a value, or an Error, for each in the same order
   */
  load<Key, Value>(query: Query<Store, Key, Value>, key: Key): Promise<Value>;
}

/** A batched access pattern of a store, as `queries.ts` exports them. */
export type Query<Store, Key, Value> = (store: Store, keys: readonly Key[]) => Promise<readonly (Value | Error)[]>;

/** An asked entity’s id: none comes without its key, though the generated types allow it. */
export const idOf = (entity: { id?: string }): string => entity.id as string;

/**
 * The viewer, where there must be one.
 * @throws UNAUTHENTICATED for a visitor, STORE_UNAVAILABLE when the session store does not answer
 */
export async function requireViewer(request: RequestContext): Promise<Viewer> {
  const viewer = await request.viewer();
  if (!viewer) throw codedError('UNAUTHENTICATED', 'Log in first: this needs a valid bearer token.');
  return viewer;
}

/**
 * The viewer, where the field is only theirs.
 * @throws UNAUTHENTICATED for a visitor, FORBIDDEN when the viewer is somebody else
 */
export async function requireSelf(request: RequestContext, userId: string): Promise<Viewer> {
  const viewer = await requireViewer(request);
  if (viewer.userId !== userId) throw codedError('FORBIDDEN', 'Only the user themselves can see this.');
  return viewer;
}

/**
 * Whose posts, comments and names no list shows the viewer: those whom they block. Nobody for a visitor, and while the session
 * store does not answer: what is everybody's is then shown as to a visitor.
 */
export const hiddenFrom = async (request: RequestContext): Promise<readonly string[]> =>
  (await knownViewer(request))?.blocks ?? [];

/**
 * Whether the user is the one who asks, for what others simply do not get. Nobody is while the session store does not answer: the
 * field that wants to know who asks says so.
 */
export const isViewer = async (request: RequestContext, userId: string): Promise<boolean> =>
  (await knownViewer(request))?.userId === userId;

async function knownViewer(request: RequestContext): Promise<Viewer | null> {
  try {
    return await request.viewer();
  } catch (error) {
    if (codeOf(error)?.startsWith('STORE_')) return null;
    throw error;
  }
}
