import { expect, test } from 'vitest';
import { checkDescriptions } from './descriptions.ts';
import { subgraphsOf } from './testing.ts';

/** Everything described, with a sentence at each place. */
const described = `
  "Says." scalar Date
  type Query { "Says." movies("Says." filter: Filter): [Movie!] }
  "Says." type Movie { "Says." kind: Kind }
  "Says." interface Titled { "Says." title: String }
  "Says." union Item = Movie
  "Says." enum Kind { "Says." FILM }
  "Says." input Filter { "Says." year: Int }`;

test('where everything is described, nothing is said', () => {
  expect(checkDescriptions(subgraphsOf({ mongo: described }))).toEqual([]);
});

test.for([
  ['scalar Date', 'Date'],
  ['movies(', 'Query.movies'],
  ['filter: Filter', 'Query.movies.filter'],
  ['type Movie', 'Movie'],
  ['kind: Kind', 'Movie.kind'],
  ['interface Titled', 'Titled'],
  ['title: String', 'Titled.title'],
  ['union Item', 'Item'],
  ['enum Kind', 'Kind'],
  ['FILM', 'Kind.FILM'],
  ['input Filter', 'Filter'],
  ['year: Int', 'Filter.year'],
] as const)('%s without a description is told', ([element, coordinate]) => {
  const sdl = described.replace(`"Says." ${element}`, element);
  const [finding, ...more] = checkDescriptions(subgraphsOf({ mongo: sdl }));
  expect(finding).toMatchObject({ level: 'error', message: `${coordinate} has no description.`, coordinate });
  // The test's schemas begin with a line for the link, which takes two.
  expect(finding).toMatchObject({ file: 'mongo.graphql', line: 3 + lineIn(described, element) });
  expect(more).toEqual([]);
});

/** From 0. */
const lineIn = (text: string, part: string) => text.slice(0, text.indexOf(`"Says." ${part}`)).split('\n').length - 1;
