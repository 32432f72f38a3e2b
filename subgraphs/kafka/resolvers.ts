import { sinkProgress, sinkStates } from './queries.ts';
import type { Resolvers } from './types.generated.ts';

export const resolvers: Resolvers = {
  Query: {
    async fanout(_root, _args, { load }) {
      const sinks = await load(sinkProgress, 'all');
      return { sinks: sinks.map((sink) => ({ ...sink, consumes: [...sink.consumes] })) };
    },
  },
  Event: {
    async sinks(event, _args, { load }) {
      const { id = '', type, topic = null, partition = null, offset = null, publishedAt } = event;
      // Whose event it is, the source of truth knows: it tells the type to its actor only.
      if (!type) return null;
      const states = await load(sinkStates, { id, type, topic, partition, offset });
      const waitedMs = publishedAt ? Math.max(0, Date.now() - new Date(publishedAt).getTime()) : null;
      return states.map(({ name, status }) => ({
        name,
        status,
        lagMs: status === 'APPLIED' ? 0 : status === 'PENDING' ? waitedMs : null,
      }));
    },
  },
};
