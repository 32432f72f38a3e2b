import { expect, test } from 'vitest';
import { differencesOf, type Entry } from './compare-sets.ts';

/** A side, and how often each of its entries was read. */
function side(entries: readonly Entry[]) {
  const count = { passes: 0 };
  const read = async function* () {
    count.passes += 1;
    yield* entries;
  };
  return { read, count };
}

const entries = Array.from({ length: 5_000 }, (_, n): Entry => [`thing ${n}`, `state ${n % 7}`]);

test('equal sets are read once, in whatever order they come', async () => {
  const [one, other] = [side(entries), side(entries.toReversed())];
  expect(await Array.fromAsync(differencesOf(one.read, other.read))).toEqual([]);
  expect([one.count.passes, other.count.passes]).toEqual([1, 1]);
});

test('names what is missing, what is too much and what is otherwise, and nothing else', async () => {
  const actual = entries.toReversed().filter(([what]) => what !== 'thing 17');
  actual[5] = [actual[5]?.[0] ?? '', 'otherwise'];
  actual.push(['thing x', 'state x']);
  const changed = actual[5];
  const [one, other] = [side(entries), side(actual)];
  const found = await Array.fromAsync(differencesOf(one.read, other.read));
  expect(found).toHaveLength(3);
  expect(found).toEqual(
    expect.arrayContaining([
      { what: 'thing 17', expected: 'state 3', actual: 'absent' },
      { what: 'thing x', expected: 'absent', actual: 'state x' },
      { what: changed?.[0], expected: entries.find(([what]) => what === changed?.[0])?.[1], actual: 'otherwise' },
    ]),
  );
  expect([one.count.passes, other.count.passes]).toEqual([2, 2]);
});

test('what stands twice is too much once', async () => {
  const twice = [...entries, ...entries.slice(3, 4)];
  expect(await Array.fromAsync(differencesOf(side(entries).read, side(twice).read))).toEqual([
    { what: 'thing 3', expected: 'absent', actual: 'state 3' },
  ]);
});

test('where all of much differs, it is compared some at a time, and whoever has heard enough need not wait', async () => {
  const many = Array.from({ length: 60_000 }, (_, n): Entry => [`thing ${n}`, 'there']);
  const [one, other] = [side(many), side([])];
  let heard = 0;
  for await (const { actual } of differencesOf(one.read, other.read)) {
    if (heard === 0) expect(one.count.passes).toBe(2);
    expect(actual).toBe('absent');
    heard += 1;
  }
  expect(heard).toBe(many.length);
  expect(one.count.passes).toBe(3);

  for await (const _ of differencesOf(one.read, other.read)) break;
  expect(one.count.passes).toBe(5);
});
