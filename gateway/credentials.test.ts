import { expect, test } from 'vitest';
import { readCredentials } from './credentials.ts';

test('a user and password leave the URL and become a header, as they are meant', () => {
  expect(readCredentials('X_URL', 'http://ad%40min:p%3A%C3%A9@example.com:9000/a?b=1')).toEqual({
    url: 'http://example.com:9000/a?b=1',
    headers: { authorization: `Basic ${Buffer.from('ad@min:p:é').toString('base64')}` },
  });
  expect(readCredentials('X_URL', 'http://example.com')).toEqual({ url: 'http://example.com/', headers: {} });
});

test('what is no URL is told by its setting, and not repeated', () => {
  expect(() => readCredentials('X_URL', 'http://admin:se/cret@example.com')).toThrow(/^X_URL is not a URL$/);
});
