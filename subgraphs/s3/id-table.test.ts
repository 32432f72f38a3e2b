import { randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { createIdTable } from './id-table.ts';

test('holds any number of ids, each with its kind, and gives those that were not marked', () => {
  const table = createIdTable();
  const ids = Array.from({ length: 20_000 }, (_, index) => (index % 2 === 0 ? randomUUID() : v7()));
  for (const [index, id] of ids.entries()) table.add(id, index % 128);
  for (const id of ids) table.add(id, 5);
  expect(table.mark(randomUUID())).toBe(false);
  for (const [index, id] of ids.entries()) if (index % 3 > 0) expect(table.mark(id)).toBe(true);
  const expected = ids.flatMap((id, index) => (index % 3 > 0 ? [] : [`${id} ${index % 128}`]));
  const unmarked = [...table.unmarked()].map(({ id, kind }) => `${id} ${kind}`);
  expect(unmarked.toSorted()).toEqual(expected.toSorted());
});

test('ids that would share a slot are told apart', () => {
  const table = createIdTable();
  const ids = Array.from(
    { length: 3_000 },
    (_, index) => `${String(index).padStart(8, '0')}-0000-4000-8000-00000000000f`,
  );
  for (const id of ids) table.add(id, 1);
  for (const id of ids.slice(1)) table.mark(id);
  expect([...table.unmarked()]).toEqual([{ id: ids[0], kind: 1 }]);
});

test('what is no UUID is refused, and not found', () => {
  const table = createIdTable();
  expect(() => table.add('e1', 0)).toThrow(TypeError);
  expect(table.mark('e1')).toBe(false);
});
