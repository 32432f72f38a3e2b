import { relative } from 'node:path';
import { root } from '../config.ts';
import { rooms } from '../subgraphs/index.ts';
import { composeAndWrite, isSupergraphFresh, supergraphFile } from './supergraph.ts';

// `npm run compose` writes schema/supergraph.graphql; with --check it only says whether the file is fresh.
const file = relative(root, supergraphFile);
if (!process.argv.includes('--check')) {
  composeAndWrite(rooms);
  console.log(`${file} composed from ${rooms.length} subgraphs.`);
} else if (!isSupergraphFresh(rooms)) {
  console.error(`${file} is stale: run \`npm run compose\` and commit it.`);
  process.exitCode = 1;
}
