import { between1And, longestPage } from './arguments.ts';
import { codedError } from './errors.ts';

/** A place in a list that is ordered by time: what an opaque cursor stands for. */
export interface Place {
  /** Milliseconds since 1970. */
  time: number;
  /** Tells apart what happened in the same millisecond. */
  id: string;
}

/** A page of a connection. */
export interface Page {
  first: number;
  /** The place behind which the page begins; null for the first page. */
  after: Place | null;
}

export interface PageArguments {
  first: number;
  after?: string | null;
}

/**
 * Reads a connection's arguments.
 * @param idPattern what the ids of the list's places look like
 * @throws BAD_USER_INPUT naming the argument
 */
export function readPage({ first, after }: PageArguments, idPattern: RegExp): Page {
  return { first: between1And(longestPage, { first }), after: after == null ? null : readCursor(after, idPattern) };
}

/** An opaque cursor: a place in base64url. */
const cursorOf = ({ time, id }: Place) => Buffer.from(`${time} ${id}`).toString('base64url');

function readCursor(cursor: string, idPattern: RegExp): Place {
  const [, time = '', id = ''] = /^(-?\d{1,16}) (.+)$/s.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  const place = { time: Number(time), id };
  if (idPattern.test(id) && cursorOf(place) === cursor) return place;
  throw codedError('BAD_USER_INPUT', 'after is no cursor of this list.', { argument: ['after'] });
}

/**
 * A connection (GraphQL Cursor Connections Specification) from one item more than the page holds.
 * @param placeOf gives an item's place in the list
 */
export function connectionOf<Item>(items: readonly Item[], page: Page, placeOf: (item: Item) => Place) {
  const edges = items.slice(0, page.first).map((node) => ({ cursor: cursorOf(placeOf(node)), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: items.length > page.first,
      hasPreviousPage: page.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
