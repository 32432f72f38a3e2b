import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { root } from '../config.ts';
import { rooms } from '../subgraphs/index.ts';
import { composeSupergraph, supergraphFile } from './supergraph.ts';

// `npm run compose` writes schema/supergraph.graphql; with --check it only says whether the file is fresh.
const file = relative(root, supergraphFile);
const sdl = composeSupergraph(rooms.map(({ name }) => name));
if (process.argv.includes('--check')) {
  if (readFileSync(supergraphFile, 'utf8') !== sdl) {
    console.error(`${file} is stale: run \`npm run compose\` and commit it.`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(supergraphFile, sdl);
  console.log(`${file} composed from ${rooms.length} subgraphs.`);
}
