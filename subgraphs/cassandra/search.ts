import { connectionOf, type Page, type Place } from '../../gateway/connection.ts';

/**
 * How many rows are read, time after time, when too few of those before count. Such rows are what is left of follows and authors
 * as they were, or of people who are hidden now: few, but for a follower of somebody who wrote very much.
 * The last is what one read of the store gives at most.
 */
export const refills: readonly number[] = [500, 2_000, 5_000];

/** What a search for one page has come to. */
export interface Searched<Item> {
  /** One more than asked, which tells whether another page follows. */
  found: readonly Item[];
  /** Where the search was given up before the page was full, though there may be more behind; else null. */
  endsAt: Place | null;
}

/** A search that was given up leaves a short page, which ends where it has come to: as at an item that is not shown. */
export function connectionOfSearch<Item>(
  { found, endsAt }: Searched<Item>,
  page: Page,
  placeOf: (item: Item) => Place,
): ReturnType<typeof connectionOf<Item>> {
  const { edges, pageInfo } = connectionOf(found, page, placeOf);
  if (!endsAt) return { edges, pageInfo };
  const { endCursor } = connectionOf([endsAt], page, (place) => place).pageInfo;
  return { edges, pageInfo: { ...pageInfo, hasNextPage: true, endCursor } };
}
