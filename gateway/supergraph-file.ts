import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SupergraphManager } from '@apollo/gateway';
import { parse } from 'graphql';
import type { Logger } from 'pino';
import type { Room } from './room.ts';
import { schemaChanges } from './schema-coordinates.ts';
import { forGateway } from './supergraph.ts';
import { supergraphProblems } from './supergraph-check.ts';

export interface SupergraphFileOptions {
  /** Path of the supergraph, with its security directives. */
  file: string;
  /** What the subgraphs can answer. */
  rooms: readonly Room[];
  logger: Logger;
}

/** Writing a file takes several steps, each of which is told: they are looked at together. */
const settleMs = 50;

/**
 * Gives @apollo/gateway the supergraph from its file, and again whenever that changes. A broken one is refused, and so is one
 * that wants of the subgraphs what they do not have: then the one before stays. The very first must be good.
 * @see https://www.apollographql.com/docs/apollo-server/using-federation/api/apollo-gateway#supergraphsdl
 */
export function supergraphFromFile({ file, rooms, logger }: SupergraphFileOptions): SupergraphManager {
  return {
    async initialize({ update }) {
      let known = await readFile(file, 'utf8');
      const supergraphSdl = checked(known, rooms);

      const lookAgain = async () => {
        try {
          const text = await readFile(file, 'utf8');
          if (text === known) return;
          update(checked(text, rooms));
          const changes = schemaChanges(parse(known), parse(text));
          known = text;
          logger.info({ file, changes: shortened(changes) }, 'the supergraph was reloaded');
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          logger.error({ file, reason }, 'the supergraph is refused; the one before stays');
        }
      };
      let settling: NodeJS.Timeout | undefined;
      const lookSoon = () => {
        clearTimeout(settling);
        settling = setTimeout(lookAgain, settleMs);
      };
      // The folder is watched, since most programs replace a file instead of writing into it.
      const watcher = watch(dirname(file), { persistent: false }, lookSoon);
      watcher.on('error', (error) => logger.error({ err: error, file }, 'the supergraph is no longer watched'));
      // It may have changed while it was not yet watched.
      lookSoon();
      return {
        supergraphSdl,
        cleanup: async () => {
          clearTimeout(settling);
          watcher.close();
        },
      };
    },
  };
}

/**
 * The supergraph as @apollo/gateway takes it.
 * @throws Error when it is no GraphQL, or wants of the subgraphs what they do not have
 */
function checked(text: string, rooms: readonly Room[]): string {
  const problems = supergraphProblems(parse(text), rooms);
  if (problems.length === 0) return forGateway(text);
  throw new Error(`The supergraph does not fit the subgraphs: ${shortened(problems).join('; ')}`);
}

const mostLines = 20;

const shortened = (lines: readonly string[]) =>
  lines.length <= mostLines ? lines : [...lines.slice(0, mostLines), `and ${lines.length - mostLines} more`];
