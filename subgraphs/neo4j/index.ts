import type { Room } from '../../gateway/room.ts';
import { typeDefs, withExploration } from './exploration.ts';
import { resolvers } from './resolvers.ts';
import { neo4jSink } from './sink.ts';
import { openNeo4j } from './store.ts';
import { warmUp } from './warm-up.ts';

/** Neo4j: who follows and blocks whom, who likes what, is interested in what and has watched it. */
export const neo4j: Room = {
  name: 'neo4j',
  hides: true,
  typeDefs,
  resolvers: await withExploration(resolvers),
  consumes: [
    ...(['user.signed_up', 'profile.changed', 'movie.changed'] as const),
    ...(['follow.changed', 'block.changed', 'like.changed', 'watch.recorded'] as const),
  ],
  open({ settings }) {
    const store = openNeo4j(settings.neo4j);
    const migrate = async () => {
      await store.migrate();
      await warmUp(store);
    };
    return { store: { ...store, migrate }, sink: neo4jSink(store) };
  },
};
