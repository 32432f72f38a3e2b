import { expect, test } from 'vitest';
import { codedError } from '../gateway/errors.ts';
import { writeAll } from './write.ts';

/** Takes rows as a command does: all or, if one is bad, none. */
function command(badRows: readonly number[]) {
  const written: number[] = [];
  return {
    written,
    write: async (rows: readonly number[]) => {
      const bad = rows.find((row) => badRows.includes(row));
      if (bad !== undefined) throw codedError('BAD_USER_INPUT', `${bad} is bad.`, { argument: ['rows'] });
      written.push(...rows);
    },
  };
}

const rows = Array.from({ length: 1_000 }, (_, n) => n);

test.for([[[]], [[0]], [[999]], [[0, 1, 500, 998, 999]], [rows]])(
  'all but the refused rows are written, in order',
  async ([bad]) => {
    const { written, write } = command(bad as number[]);
    const refused = await writeAll(rows, write);
    expect(refused).toEqual((bad as number[]).map((row) => ({ row, reason: `${row} is bad.` })));
    expect(written).toEqual(rows.filter((row) => !(bad as number[]).includes(row)));
  },
);

test('what is no refusal stops the import: the rows are not to blame', async () => {
  const failure = codedError('STORE_ERROR', 'postgres could not answer.', { store: 'postgres' });
  await expect(writeAll(rows, () => Promise.reject(failure))).rejects.toBe(failure);
});

test('a short outage is waited for', async () => {
  let isDown = true;
  const refused = await writeAll(rows, async () => {
    if (!isDown) return;
    isDown = false;
    throw codedError('STORE_UNAVAILABLE', 'postgres cannot be reached.', { store: 'postgres' });
  });
  expect(refused).toEqual([]);
});
