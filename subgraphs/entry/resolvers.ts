import * as uuid from 'uuid';
import { codedError, quoted } from '../../gateway/errors.ts';
import { idPattern } from '../../gateway/input.ts';
import { requireViewer } from '../../gateway/room.ts';
import type { Resolvers } from './types.generated.ts';

/** An id is checked here, once, so that no store is asked for what cannot exist, or for ten kilobytes. */
function checked(id: string, isValid: boolean, what: string): { id: string } {
  if (isValid) return { id };
  throw codedError('BAD_USER_INPUT', `${quoted(id)} is not an id: ${what}.`, { argument: ['id'] });
}

const entity = (_: unknown, { id }: { id: string }) =>
  checked(id, idPattern.test(id), 'an id has 1 to 128 characters of A-Z, a-z, 0-9, _ and -');

export const resolvers: Resolvers = {
  Query: {
    movie: entity,
    user: entity,
    post: entity,
    me: async (_, __, { request }) => ({ id: (await requireViewer(request)).userId }),
    event: (_, { id }) => checked(id, uuid.validate(id), 'the id of an event is a UUID'),
  },
};
