import type { Room } from '../../gateway/room.ts';
import { resolvers } from './resolvers.ts';

/** What several stores propose, merged into one list; without a store. */
export const ranking: Room = { name: 'ranking', resolvers };
