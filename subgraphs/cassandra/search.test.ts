import { expect, test } from 'vitest';
import type { Place } from '../../gateway/connection.ts';
import { connectionOfSearch } from './search.ts';

const places: Place[] = [9, 8, 7].map((time) => ({ time, id: `p${time}` }));
const [first, second, third] = places as [Place, Place, Place];
const page = { first: 2, after: null };
const connection = (found: readonly Place[], endsAt: Place | null) =>
  connectionOfSearch({ found, endsAt }, page, (place) => place);

test('a search that was given up leaves a page that ends where it has come to', () => {
  const whole = connection(places, null);
  expect(whole.edges.map(({ node }) => node)).toEqual([first, second]);
  expect(whole.pageInfo).toMatchObject({ hasNextPage: true, endCursor: whole.edges[1]?.cursor });

  const short = connection([first], third);
  expect(short.edges).toEqual(whole.edges.slice(0, 1));
  expect(short.pageInfo).toEqual({
    ...{ hasNextPage: true, hasPreviousPage: false, startCursor: whole.edges[0]?.cursor },
    endCursor: connection([third], null).pageInfo.endCursor,
  });

  const nothing = connection([], third);
  expect(nothing).toEqual({ edges: [], pageInfo: { ...short.pageInfo, startCursor: null } });
  expect(connection([first], null).pageInfo.hasNextPage).toBe(false);
});
