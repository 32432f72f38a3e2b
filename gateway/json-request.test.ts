import { expect, test } from 'vitest';
import { forEach, ifGiven, jsonRequest, ndjsonRequest, placeholder, requestInShell } from './json-request.ts';

const search = jsonRequest('POST /points/query', {
  searches: forEach('searches', {
    query: placeholder('point'),
    filter: {
      must: [
        ...ifGiven('genre', { key: 'genres', match: { value: placeholder('genre') } }),
        ...forEach('tags', { key: 'tags', match: { value: placeholder('tag') } }),
        { key: 'deleted', match: { value: false } },
      ],
    },
    with_payload: ['id'],
  }),
});
const values = {
  searches: [
    { point: 'p1', genre: null, tags: [] },
    { point: '$p "2"', genre: 'Sci-Fi', tags: ['a', '… for each of $tags'] },
  ],
};
const fixed = { key: 'deleted', match: { value: false } };
const body = {
  searches: [
    { query: 'p1', filter: { must: [fixed] }, with_payload: ['id'] },
    {
      query: '$p "2"',
      filter: {
        must: [
          { key: 'genres', match: { value: 'Sci-Fi' } },
          { key: 'tags', match: { value: 'a' } },
          { key: 'tags', match: { value: '… for each of $tags' } },
          fixed,
        ],
      },
      with_payload: ['id'],
    },
  ],
};

test('a request tells its form, with placeholders, and no value', () => {
  expect(search.text).toBe(`POST /points/query
{
  "searches": [
    {
      "query": $point,
      "filter": {
        "must": [
          { "key": "genres", "match": { "value": $genre } },
          … if there is $genre,
          { "key": "tags", "match": { "value": $tag } },
          … for each of $tags,
          { "key": "deleted", "match": { "value": false } }
        ]
      },
      "with_payload": ["id"]
    },
    … for each of $searches
  ]
}`);
});

test('its body has the values, once for each element and not at all for what is not given', () => {
  expect(search.bodyOf(values)).toEqual(body);
  expect(search.bodyOf({ searches: [] })).toEqual({ searches: [] });
});

test('what is pasted is the body that is sent', () => {
  const [line, ...rest] = requestInShell(search.text, values).split('\n');
  expect(line).toBe('POST /points/query');
  expect(JSON.parse(rest.join('\n'))).toEqual(body);
});

test('a body of lines stays one of lines, several for each element', () => {
  const bulk = ndjsonRequest(
    'POST /_bulk',
    forEach('writes', { index: { _id: placeholder('id') } }, placeholder('source')),
  );
  expect(bulk.text).toBe('POST /_bulk\n{"index":{"_id":$id}}\n$source\n… for each of $writes');
  const writes = ['a', 'b'].map((id) => ({ id, source: { title: `$${id}\n` } }));
  const lines = [...[{ index: { _id: 'a' } }, { title: '$a\n' }], ...[{ index: { _id: 'b' } }, { title: '$b\n' }]];
  expect(bulk.bodyOf({ writes })).toEqual(lines);
  const pasted = requestInShell(bulk.text, { writes });
  expect(pasted).toMatch(/\n$/);
  expect(
    pasted
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line)),
  ).toEqual(lines);
});

test('a request without a body is its line', () => {
  expect(requestInShell('GET /movies', {})).toBe('GET /movies');
});

test('a body that is the same for all is not copied', () => {
  const constant = { vectors: { size: 384 } };
  expect(jsonRequest('PUT /movies', constant).bodyOf({})).toBe(constant);
});
