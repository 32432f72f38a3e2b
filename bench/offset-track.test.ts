import { expect, test } from 'vitest';
import { appliedAtMs } from './offset-track.ts';

const sightings = [
  { atMs: 100, next: 5n },
  { atMs: 120, next: 6n },
  { atMs: 140, next: 20n },
];

test('a message is applied when the next offset is behind it', () => {
  expect(appliedAtMs(sightings, 4n)).toBe(100);
  expect(appliedAtMs(sightings, 5n)).toBe(120);
  expect(appliedAtMs(sightings, 6n)).toBe(140);
  expect(appliedAtMs(sightings, 19n)).toBe(140);
});

test('what nobody has seen applied is no figure', () => {
  expect(() => appliedAtMs(sightings, 20n)).toThrow('nobody has seen offset 20 applied');
  expect(() => appliedAtMs([], 0n)).toThrow('nobody has seen offset 0 applied');
  expect(() => appliedAtMs(undefined, 0n)).toThrow('nobody has seen offset 0 applied');
});
