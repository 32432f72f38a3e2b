import { randomUUID } from 'node:crypto';
import { readSettings } from '../../config.ts';
import type { Source } from '../../fanout/sink.ts';
import type { Room } from '../../gateway/room.ts';
import { callsDuring, openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import type { MovieInput, RecordWatch } from './commands.ts';
import { postgres } from './index.ts';
import { once } from './migrate/engine.ts';
import type { PostgresStore } from './store.ts';

/** The room on a database of its own, where no relay takes rows from the outbox; dropped on dispose. */
export interface TestPostgres extends TestRoom {
  url: string;
  store: PostgresStore;
  source: Source;
  /** The events of the outbox whose message key is one of these, by `seq`. */
  events(...keys: string[]): Promise<StreamEvent[]>;
}

export async function openTestPostgres(): Promise<TestPostgres> {
  const { url, drop } = await createDatabase();
  const onThatDatabase: Room = {
    ...postgres,
    open: (services) => {
      const settings = { ...services.settings, postgres: { ...services.settings.postgres, url } };
      return (postgres.open as NonNullable<Room['open']>)({ ...services, settings });
    },
  };
  const room = await openTestRoom(onThatDatabase);
  const store = room.open.store as PostgresStore;
  return {
    ...room,
    url,
    store,
    source: room.open.source as Source,
    events: async (...keys) => {
      const rows = await store.db.$queryRaw<{ payload: StreamEvent }[]>`
        SELECT payload FROM outbox WHERE aggregateid = ANY(${keys}) ORDER BY seq`;
      return rows.map(({ payload }) => payload);
    },
    [Symbol.asyncDispose]: async () => {
      await room[Symbol.asyncDispose]();
      await drop();
    },
  };
}

/** An empty database on the profile's server. */
export async function createDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = readSettings().postgres.url;
  const name = `streamshop_test_${randomUUID().replaceAll('-', '')}`;
  await once(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => once(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

/** A new id with a readable beginning. */
export const newId = (prefix: string) => `${prefix}-${randomUUID()}`;

export const movie = (id: string, parts: Partial<MovieInput> = {}): MovieInput => ({
  id,
  title: `Title of ${id}`,
  synopsis: 'Somebody wants something, and something is in the way.',
  releaseYear: 2010,
  runtimeMinutes: 100,
  genres: ['Drama'],
  tags: ['test'],
  ...parts,
});

/** A watch of the user's, with a key of its own. */
export const watch = (userId: string, movieId: string, parts: Partial<RecordWatch> = {}): RecordWatch => ({
  userId,
  movieId,
  action: 'PLAY',
  watchedAt: new Date('2026-01-01T20:00:00Z'),
  positionSeconds: 0,
  durationSeconds: 0,
  device: 'TV',
  quality: 'HD',
  idempotencyKey: randomUUID(),
  ...parts,
});

/** The calls of Postgres that `work` makes. */
export async function callsOf(work: () => Promise<unknown>): Promise<string[]> {
  const calls = await callsDuring(work);
  return calls.flatMap(({ store, statement }) => (store === 'postgres' ? [statement] : []));
}
