import { readProject } from '../contract/project.ts';
import { writeComposed } from '../contract/update.ts';
import { rooms } from '../subgraphs/index.ts';

// `npm run compose` writes the supergraph, the schemas that rooms make, and Rover's configuration.
const changed = writeComposed(readProject(rooms));
console.log(
  `Composed from ${rooms.length} subgraphs; ${changed.length > 0 ? `wrote ${changed.join(', ')}` : 'all was fresh'}.`,
);
