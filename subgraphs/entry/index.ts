import type { Room } from '../../gateway/room.ts';
import { resolvers } from './resolvers.ts';

/** Lookups by id, without a store. */
export const entry: Room = { name: 'entry', resolvers };
