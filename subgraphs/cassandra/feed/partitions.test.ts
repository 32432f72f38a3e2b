import type { types } from 'cassandra-driver';
import { expect, test } from 'vitest';
import { joinByUser } from './partitions.ts';

/** A table as Cassandra gives it: rows of users with tokens, some at a time. */
async function* table(users: readonly [token: bigint, userId: string, rows: number][], rowsPerPage: number) {
  const rows = users.flatMap(([place, user_id, count]) =>
    Array.from({ length: count }, (_, n) => ({ place, user_id, n }) as unknown as types.Row),
  );
  for (let from = 0; from < rows.length; from += rowsPerPage) yield rows.slice(from, from + rowsPerPage);
}

test.each([1, 2, 100])(
  'users of either table come once, with their rows of both (%i rows a page)',
  async (rowsPerPage) => {
    const left = table(
      [
        [-9n, 'a', 2],
        [1n, 'b', 3],
        [1n, 'c', 1],
        [8n, 'd', 1],
      ],
      rowsPerPage,
    );
    const right = table(
      [
        [-12n, 'e', 1],
        [1n, 'c', 4],
        [8n, 'd', 1],
        [9n, 'f', 2],
      ],
      rowsPerPage,
    );
    const joined = await Array.fromAsync(joinByUser(left, right));
    expect(joined.map(({ userId, left, right }) => [userId, left.length, right.length])).toEqual([
      ...[
        ['e', 0, 1],
        ['a', 2, 0],
        ['b', 3, 0],
        ['c', 1, 4],
        ['d', 1, 1],
        ['f', 0, 2],
      ],
    ]);
  },
);

test('an empty table joins with the other', async () => {
  expect(await Array.fromAsync(joinByUser(table([], 1), table([], 1)))).toEqual([]);
  const joined = await Array.fromAsync(joinByUser(table([[1n, 'a', 2]], 1), table([], 1)));
  expect(joined.map(({ userId, left, right }) => [userId, left.length, right.length])).toEqual([['a', 2, 0]]);
});
