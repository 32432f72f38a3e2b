import federation from '@apollo/composition/package.json' with { type: 'json' };
import { print } from 'graphql';
import { stringify } from 'yaml';
import type { Room } from '../gateway/room.ts';
import { composeSupergraph, subgraphServices } from '../gateway/supergraph.ts';
import type { Finding } from './finding.ts';
import { type Files, madeSchemaPath, roomSchemaPath, roverPath, supergraphPath } from './paths.ts';

/**
 * What is committed of the rooms' schemas: the supergraph, the schemas of rooms that make theirs, and the configuration with
 * which Rover composes the same supergraph from all of them (https://www.apollographql.com/docs/rover/commands/supergraphs).
 * @throws Error that lists every composition error
 */
export function composedFiles(rooms: readonly Room[]): Files {
  const made = new Map(rooms.flatMap(({ name, typeDefs }) => (typeDefs ? [[name, typeDefs] as const] : [])));
  const schemaPath = (name: string) => (made.has(name) ? madeSchemaPath : roomSchemaPath)(name);
  return new Map([
    [supergraphPath, composeSupergraph(rooms)],
    ...[...made].map(
      ([name, typeDefs]) => [madeSchemaPath(name), `${noteOn(roomSchemaPath(name))}${print(typeDefs)}\n`] as const,
    ),
    [
      roverPath,
      noteOn('subgraphs/index.ts') +
        stringify({
          federation_version: `=${federation.version}`,
          subgraphs: Object.fromEntries(
            subgraphServices(rooms).map(({ name, url }) => [
              name,
              { routing_url: url, schema: { file: `./${schemaPath(name)}` } },
            ]),
          ),
        }),
    ],
  ]);
}

const noteOn = (source: string) => `# Written by \`npm run compose\` from ${source}: change that.\n`;

/** The committed files must be what composing writes, no more and no less. */
export function checkFreshness(written: Files, committed: Files): Finding[] {
  const hint = 'Run `npm run compose` and commit what it writes.';
  const findings: Finding[] = [];
  for (const [file, text] of written) {
    if (committed.get(file) === text) continue;
    const message = committed.has(file) ? `${file} is stale: the rooms' schemas have changed.` : `${file} is missing.`;
    findings.push({ level: 'error', message, hint, file });
  }
  for (const file of committed.keys()) {
    if (!written.has(file)) findings.push({ level: 'error', message: `${file} belongs to no room.`, hint, file });
  }
  return findings;
}
