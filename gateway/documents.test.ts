import { expect, test } from 'vitest';
import { documentCache } from './documents.ts';

const operation = (number: number, fields: number) =>
  `{ ${Array.from({ length: fields }, (_, field) => `a${number}x${field}: title`).join(' ')} }`;

test('operations that come again are remembered, and however many distinct long ones come, no more than the capacity', () => {
  const parse = documentCache();
  const asked = Array.from({ length: 400 }, (_, number) => operation(number, 400));
  const documents = asked.map((text) => parse(text));
  expect(parse(asked.at(-1) as string)).toBe(documents.at(-1));

  // The newest first: whoever is asked for anew is remembered in the place of others.
  const firstForgotten = asked.findLastIndex((text, index) => parse(text) !== documents[index]);
  const remembered = asked.slice(firstForgotten + 1).join('').length;
  expect(remembered).toBeGreaterThan(900_000);
  expect(remembered).toBeLessThanOrEqual(1_000_000);
});

test('one that is very long is not remembered, and forgets no other', () => {
  const parse = documentCache(10_000);
  const [short, long] = [operation(0, 10), operation(1, 1_000)];
  const document = parse(short);
  expect(parse(long)).not.toBe(parse(long));
  expect(parse(short)).toBe(document);
});
