import type { Room } from '../../gateway/room.ts';
import { typeDefs, withExploration } from './exploration.ts';
import { warmUp } from './queries.ts';
import { resolvers } from './resolvers.ts';
import { neo4jSink } from './sink.ts';
import { openNeo4j } from './store.ts';

/** Neo4j: who follows whom, who likes what and who has watched it. */
export const neo4j: Room = {
  name: 'neo4j',
  typeDefs,
  resolvers: await withExploration(resolvers),
  consumes: ['user.signed_up', 'movie.changed', 'follow.changed', 'like.changed', 'watch.recorded'],
  open({ settings }) {
    const store = openNeo4j(settings.neo4j);
    const migrate = async () => {
      await store.migrate();
      await warmUp(store);
    };
    return { store: { ...store, migrate }, sink: neo4jSink(store) };
  },
};
