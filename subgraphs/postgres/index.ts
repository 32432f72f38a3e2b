import type { Room } from '../../gateway/room.ts';
import { resolvers } from './resolvers.ts';
import { postgresSource } from './source.ts';
import { openPostgres } from './store.ts';

/** The source of truth: users, the catalogue, watches, and the outbox from which every other store learns of them. */
export const postgres: Room = {
  name: 'postgres',
  resolvers,
  sessions: 'uses',
  open: ({ settings }) => {
    const store = openPostgres(settings.postgres);
    return { store, source: postgresSource(store) };
  },
};
