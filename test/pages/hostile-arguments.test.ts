import { beforeAll, expect, test } from 'vitest';
import { ask, createPost, newUser } from '../harness.ts';

let token: string;
let postId: string;

beforeAll(async () => {
  ({ token } = await newUser());
  ({ id: postId } = await createPost(token));
});

const pages = [0, -1, 101, 2 ** 31 - 1];
const years = [0, -1, 1887, 2201, 2 ** 31 - 1];
const words = ['', '\u0000', '\ud800', 'x'.repeat(10_240)];
const lists = [...words.map((word) => [word]), Array(11).fill('Drama')];
/** Places without a time, without an id, and with an id that is none, each in a cursor's own form. */
const places = ['x m1', '1795451908215 ', "1795451908215 ';--"];
const cursors = [
  ...['', 'garbage', '\u0000', '😀', 'x'.repeat(10_240)],
  ...places.map((place) => Buffer.from(place).toString('base64url')),
];

type Row = [root: string, field: string, argument: string, values: readonly unknown[]];
const rows: Row[] = [
  ['movie', 'related', 'first', pages],
  ['movie', 'similar', 'first', pages],
  ['movie', 'similar', 'genre', words],
  ['movie', 'similar', 'yearFrom', years],
  ['movie', 'similar', 'yearTo', years],
  ['movie', 'friendsWhoWatched', 'first', pages],
  ['movie', 'discussion', 'first', pages],
  ['movie', 'discussion', 'after', cursors],
  ['movie', 'playbackQuality', 'lastMinutes', [0, -1, 129_601, 2 ** 31 - 1]],
  ['me', 'following', 'first', pages],
  ['me', 'followers', 'first', pages],
  ['me', 'posts', 'first', pages],
  ['me', 'posts', 'after', cursors],
  ['me', 'activity', 'first', pages],
  ['me', 'activity', 'after', cursors],
  ['me', 'watchHistory', 'after', cursors],
  // A movie's id may be any text there.
  ['me', 'continueWatching', 'after', cursors.slice(0, -1)],
  ['post', 'comments', 'first', pages],
  ['post', 'comments', 'after', cursors],
  ['post', 'engagementPerHour', 'last', [0, -1, 169, 2 ** 31 - 1]],
  ['catalogue', 'movieFacets', 'text', words.filter(Boolean)],
  ['catalogue', 'movieFacets', 'genres', lists],
  ['catalogue', 'movieFacets', 'tags', lists],
];

/** Where a field stands, beside one that must not suffer. */
const roots: Record<string, (fields: string) => string> = {
  movie: (fields) => `movie(id: "m101") { whole: title ${fields} }`,
  me: (fields) => `me { whole: name ${fields} }`,
  post: (fields) => `post(id: "${postId}") { whole: title ${fields} }`,
  catalogue: (fields) => `whole: movies(first: 1) { edges { cursor } } ${fields}`,
};

test.for(rows)('%s: %s is null alone where its %s is hostile', async ([root, field, argument, values]) => {
  const variables = Object.fromEntries(values.map((value, index) => [`v${index}`, value]));
  const types = values.map((value, index) => `$v${index}: ${typeOf(value)}`);
  const aliases = Object.keys(variables).map((name) => `${name}: ${field}(${argument}: $${name}) { __typename }`);
  const query = `query (${types}) { ${roots[root]?.(aliases.join(' '))} }`;
  const { data, errors } = await ask(query, { token, variables });

  const { whole, ...answers } = root === 'catalogue' ? data : data[root];
  expect(whole).toBeTruthy();
  expect(answers).toEqual(Object.fromEntries(Object.keys(variables).map((name) => [name, null])));
  expect(errors.map(({ path }) => path?.at(-1)).sort()).toEqual(Object.keys(variables).sort());
  for (const { message, extensions } of errors) {
    expect(message.length).toBeLessThan(400);
    expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: expect.arrayContaining([argument]) });
  }
});

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return '[String!]!';
  return typeof value === 'number' ? 'Int!' : 'String!';
}

test('the last year is not before the first', async () => {
  const query = '{ movie(id: "m101") { title similar(yearFrom: 2001, yearTo: 2000) { score } } }';
  const { data, errors } = await ask(query);
  expect(data).toEqual({ movie: { title: 'Inception', similar: null } });
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', argument: ['yearTo'] } }]);
});
