import type { Transaction } from '../store.ts';

/**
 * Which of the pairs are kept apart, whoever of the two blocks the other. Whoever changes a block has both users locked, so
 * that it stays so until the end of a transaction that has locked the first of each pair.
 * @returns `first/second` of each such pair
 */
export async function blocksAmong(
  tx: Transaction,
  pairs: readonly (readonly [first: string, second: string])[],
): Promise<Set<string>> {
  if (pairs.length === 0) return new Set();
  const rows = await tx.$queryRaw<{ pair: string }[]>`
    SELECT DISTINCT first || '/' || second AS pair
    FROM jsonb_to_recordset(${JSON.stringify(pairs.map(([first, second]) => ({ first, second })))}::jsonb)
      AS pair (first text, second text)
    JOIN block ON blocks AND ((blocker_id, blocked_id) = (first, second) OR (blocker_id, blocked_id) = (second, first))`;
  return new Set(rows.map(({ pair }) => pair));
}
