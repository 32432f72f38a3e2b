import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { Kind, parse, print, visit } from 'graphql';
import { ports, root } from '../config.ts';
import type { Room } from './room.ts';
import { typeDefsOf } from './subgraph.ts';

/** The committed supergraph, made by `npm run compose`. */
export const supergraphFile = join(root, 'schema', 'supergraph.graphql');

/** The rooms as subgraphs: each with its slice, and where it listens when it runs alone on a developer's machine. */
export const subgraphServices = (rooms: readonly Room[]) =>
  rooms.map((room, index) => ({
    name: room.name,
    url: `http://127.0.0.1:${ports.subgraphs + 1 + index}/graphql`,
    typeDefs: typeDefsOf(room),
  }));

/**
 * Composes the rooms' schemas into a supergraph (Apollo Federation 2).
 * @throws Error that lists every composition error
 */
export function composeSupergraph(rooms: readonly Room[]): string {
  const { supergraphSdl, errors } = composeServices(subgraphServices(rooms));
  if (errors?.length)
    throw new Error(`The subgraphs do not compose:\n${errors.map((e) => `- ${e.message}`).join('\n')}`);
  return supergraphSdl as string;
}

/** Composes and writes the file that is committed. */
export const composeAndWrite = (rooms: readonly Room[]): void =>
  writeFileSync(supergraphFile, composeSupergraph(rooms));

const securityDirectives = new Set(['authenticated', 'requiresScopes', 'policy']);

/**
 * A supergraph as @apollo/gateway takes it: it refuses one with security directives, because it cannot enforce them.
 * Here each subgraph's schema enforces its own (`authorize.ts`), so this copy goes without. `@inaccessible`, which it
 * does know, stays.
 */
export function forGateway(supergraphSdl: string): string {
  const isSecurity = (name: string) => securityDirectives.has(name);
  const document = visit(parse(supergraphSdl), {
    Directive: (directive) => {
      if (isSecurity(directive.name.value)) return null;
      const url = directive.arguments?.find(({ name }) => name.value === 'url')?.value;
      // A link reads `https://specs.apollo.dev/authenticated/v0.1`.
      const feature = url?.kind === Kind.STRING ? url.value.split('/').at(-2) : undefined;
      return directive.name.value === 'link' && feature && isSecurity(feature) ? null : undefined;
    },
    DirectiveDefinition: ({ name }) => (isSecurity(name.value) ? null : undefined),
  });
  return print(document);
}

/** The committed supergraph as @apollo/gateway takes it. */
export const readSupergraphForGateway = (): string => forGateway(readFileSync(supergraphFile, 'utf8'));
