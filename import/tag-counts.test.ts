import { expect, test } from 'vitest';
import { createTagCounts } from './tag-counts.ts';

test('the tags of most users come first, of equals the first by name, ten at most', () => {
  const counts = createTagCounts();
  const give = (tag: string, users: number) => {
    for (let userId = 1; userId <= users; userId += 1) counts.add({ userId, movieId: 1, tag });
  };
  give('rare', 1);
  give('common', 3);
  give('b', 2);
  give('a', 2);
  // The same user again is no other user.
  for (let times = 0; times < 5; times += 1) give('rare', 1);
  expect(counts.top(1)).toEqual(['common', 'a', 'b', 'rare']);
  for (let n = 0; n < 20; n += 1) give(`more ${n}`, 1);
  expect(counts.top(1)).toHaveLength(10);
  expect(counts.top(2)).toEqual([]);
});

test('a flood of tags that one user each gave does not wash away those that many give', () => {
  const counts = createTagCounts();
  for (let userId = 1; userId <= 5_000; userId += 1) {
    counts.add({ userId, movieId: 1, tag: `only of ${userId}` });
    if (userId % 4 === 0) counts.add({ userId, movieId: 1, tag: 'twist' });
    if (userId % 8 === 0) counts.add({ userId, movieId: 1, tag: 'space' });
  }
  expect(counts.top(1).slice(0, 2)).toEqual(['twist', 'space']);
});
