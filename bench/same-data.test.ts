import { expect, test } from 'vitest';
import { requireSameData } from './same-data.ts';

const answer = (score: number, signature: string, title = 'Inception') => ({
  movie: {
    title,
    posterUrl: `http://s3/poster.svg?X-Amz-Date=${signature}&X-Amz-Expires=3600&X-Amz-Signature=${signature}`,
  },
  trendingMovies: [{ score, movie: { id: 'm101', posterUrl: null } }],
});

test('signatures and the decay of a score are no difference', () => {
  expect(() => requireSameData(answer(9.589, 'abc1'), answer(9.591, 'def2'), 'differs')).not.toThrow();
  const upload = (signature: string) => ({
    id: 'u1/1',
    url: `http://s3/1?X-Amz-Signature=${signature}&x-id=GetObject`,
  });
  expect(() => requireSameData(upload('abc1'), upload('def2'), 'differs')).not.toThrow();
});

test('anything else is', () => {
  const same = answer(9.5, 'abc');
  expect(() => requireSameData(answer(9.5, 'abc', 'Memento'), same, 'the title differs')).toThrow('the title differs');
  expect(() => requireSameData(answer(9.7, 'abc'), same, 'the score differs')).toThrow('the score differs');
  expect(() => requireSameData({ ...same, me: null }, same, 'one has more')).toThrow('one has more');
  expect(() => requireSameData({ ...same, trendingMovies: [] }, same, 'one has less')).toThrow('one has less');
  const otherFile = { ...same, movie: { ...same.movie, posterUrl: 'http://s3/other.svg?X-Amz-Signature=abc' } };
  expect(() => requireSameData(otherFile, same, 'another poster')).toThrow('another poster');
});
