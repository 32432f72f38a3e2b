import { between1And, longestPage } from '../../gateway/arguments.ts';
import { codedError } from '../../gateway/errors.ts';

/** A place in a partition: a row's clustering key. */
export interface Place {
  /** Milliseconds since 1970. */
  time: number;
  id: string;
}

/** One page of one user's partition; a key of the batched queries. */
export interface PageKey {
  userId: string;
  first: number;
  /** The clustering key behind which the page begins; null for the first page. */
  after: Place | null;
}

export interface PageArguments {
  first: number;
  after?: string | null;
}

/**
 * Reads a connection's arguments.
 * @param idPattern what ids of the table's clustering key look like
 * @throws BAD_USER_INPUT naming the argument
 */
export function readPage({ first, after }: PageArguments, idPattern: RegExp): Omit<PageKey, 'userId'> {
  return { first: between1And(longestPage, { first }), after: after == null ? null : readCursor(after, idPattern) };
}

/** An opaque cursor: a clustering key in base64url. */
const cursorOf = ({ time, id }: Place) => Buffer.from(`${time} ${id}`).toString('base64url');

function readCursor(cursor: string, idPattern: RegExp): Place {
  const [, time = '', id = ''] = /^(-?\d{1,16}) (.+)$/s.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  const place = { time: Number(time), id };
  if (idPattern.test(id) && cursorOf(place) === cursor) return place;
  throw codedError('BAD_USER_INPUT', 'after is no cursor of this list.', { argument: ['after'] });
}

/**
 * A connection (GraphQL Cursor Connections Specification) from one row more than the page holds.
 * @param placeOf gives a row's clustering key
 */
export function connectionOf<Row>(rows: readonly Row[], page: Omit<PageKey, 'userId'>, placeOf: (row: Row) => Place) {
  const edges = rows.slice(0, page.first).map((node) => ({ cursor: cursorOf(placeOf(node)), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > page.first,
      hasPreviousPage: page.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
