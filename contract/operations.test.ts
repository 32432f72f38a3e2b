import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { checkOperations } from './operations.ts';

const schema = buildSchema('type Query { movie(id: ID!): Movie } type Movie { id: ID! title: String }');
const file = 'schema/operations/page.graphql';
const messagesOf = (...texts: string[]) =>
  checkOperations(
    schema,
    texts.map((text) => ({ file, text })),
  ).findings.map(({ message, line }) => `${line}: ${message}`);

test('an operation that is valid is given by its name', () => {
  const { operations, findings } = checkOperations(schema, [{ file, text: 'query Page { movie(id: 1) { title } }' }]);
  expect(findings).toEqual([]);
  expect(operations).toMatchObject([{ name: 'Page', file }]);
});

test('a field that is gone is told with its line', () => {
  expect(messagesOf('query Page {\n  movie(id: 1) {\n    rating\n  }\n}')).toEqual([
    '3: Cannot query field "rating" on type "Movie".',
  ]);
});

test.each([
  ['no document', '{', '1: Syntax Error: Expected Name, found <EOF>.'],
  ['an operation without a name', '{ movie(id: 1) { id } }', '1: A file holds one operation, and that has a name.'],
  ['fragments alone', 'fragment F on Movie { id }', '1: A file holds one operation, and that has a name.'],
])('%s is refused', (_, text, message) => {
  expect(messagesOf(text)).toContain(message);
});

test('two files may not have operations of the same name', () => {
  const text = 'query Page { movie(id: 1) { id } }';
  expect(messagesOf(text, text)).toEqual(['1: Another file has an operation Page as well.']);
});
