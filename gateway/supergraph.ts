import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { Kind, parse, print, visit } from 'graphql';
import { root } from '../config.ts';
import type { Room } from './room.ts';
import { typeDefsOf } from './subgraph.ts';

/** The committed supergraph, made by `npm run compose`. */
export const supergraphFile = join(root, 'schema', 'supergraph.graphql');

/**
 * Composes the rooms' schemas into a supergraph (Apollo Federation 2).
 * @throws Error that lists every composition error
 */
export function composeSupergraph(rooms: readonly Room[]): string {
  const services = rooms.map((room) => ({
    name: room.name,
    url: `http://${room.name}/graphql`,
    typeDefs: typeDefsOf(room),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (errors?.length)
    throw new Error(`The subgraphs do not compose:\n${errors.map((e) => `- ${e.message}`).join('\n')}`);
  return supergraphSdl as string;
}

/** Whether the committed supergraph is what the rooms compose to. */
export const isSupergraphFresh = (rooms: readonly Room[]): boolean =>
  existsSync(supergraphFile) && readFileSync(supergraphFile, 'utf8') === composeSupergraph(rooms);

/** Composes and writes the file that is committed. */
export const composeAndWrite = (rooms: readonly Room[]): void =>
  writeFileSync(supergraphFile, composeSupergraph(rooms));

const securityDirectives = new Set(['authenticated', 'requiresScopes', 'policy']);

/**
 * The committed supergraph as @apollo/gateway takes it: it refuses one with security directives, because it cannot
 * enforce them. Here each subgraph's schema enforces its own (`authorize.ts`), so this copy goes without.
 */
export function readSupergraphForGateway(): string {
  const isSecurity = (name: string) => securityDirectives.has(name);
  const document = visit(parse(readFileSync(supergraphFile, 'utf8')), {
    Directive: (directive) => {
      if (isSecurity(directive.name.value)) return null;
      const isSecurityLink =
        directive.name.value === 'link' &&
        directive.arguments?.some(({ value }) => value.kind === Kind.ENUM && value.value === 'SECURITY');
      return isSecurityLink ? null : undefined;
    },
    DirectiveDefinition: ({ name }) => (isSecurity(name.value) ? null : undefined),
  });
  return print(document);
}
