import { parse } from 'graphql';
import type { Room } from '../gateway/room.ts';
import type { Operation } from './operations.ts';
import type { Subgraph } from './subgraph.ts';

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@external", "@requires", "@authenticated", "@requiresScopes", "@inaccessible", "@shareable"])`;

/** Subgraphs of a test's own, by name. */
export const subgraphsOf = (schemas: Readonly<Record<string, string>>): Subgraph[] =>
  Object.entries(schemas).map(([name, sdl]) => ({ name, file: `${name}.graphql`, typeDefs: parse(`${link}\n${sdl}`) }));

/** The same as rooms, to be composed. */
export const roomsOf = (schemas: Readonly<Record<string, string>>): Room[] =>
  subgraphsOf(schemas).map(({ name, typeDefs }) => ({ name, typeDefs, resolvers: {} }));

/** An operation as a file of `schema/operations` gives it. */
export const operationOf = (text: string, name = 'Page'): Operation => ({
  ...{ name, file: `schema/operations/${name}.graphql`, document: parse(text) },
});
