import { requireViewer } from '../../gateway/room.ts';
import { recordPostView, reportPlayback } from './commands.ts';
import { eventOf, type KnownEvent, type ToldEvent } from './position.ts';
import { sinkProgress, sinkStates } from './queries.ts';
import type { RoomContext } from './store.ts';
import type { Resolvers } from './types.generated.ts';

export const resolvers: Resolvers = {
  Query: {
    async fanout(_root, _args, { load }) {
      const sinks = await load(sinkProgress, 'all');
      return { sinks: sinks.map((sink) => ({ ...sink, consumes: [...sink.consumes] })) };
    },
  },
  Mutation: {
    async reportPlayback(_root, { input }, { store, request }) {
      const { userId } = await requireViewer(request);
      await reportPlayback(store, { ...input, userId });
      return { accepted: true, movie: { id: input.movieId } };
    },
    async recordPostView(_root, { input }, { store, request }) {
      const { userId } = await requireViewer(request);
      await recordPostView(store, { ...input, userId });
      return { accepted: true, post: { id: input.postId } };
    },
  },
  Event: {
    type: eventField('type'),
    topic: eventField('topic'),
    partition: eventField('partition'),
    offset: eventField('offset'),
    publishedAt: eventField('publishedAt'),
    async sinks(event, _args, context) {
      const { publishedAt, ...position } = await eventOf(event, context);
      const states = await context.load(sinkStates, position);
      const waitedMs = publishedAt ? Math.max(0, Date.now() - publishedAt.getTime()) : null;
      return states.map(({ name, status }) => ({
        name,
        status,
        lagMs: status === 'APPLIED' ? 0 : status === 'PENDING' ? waitedMs : null,
      }));
    },
  },
};

function eventField<Name extends keyof KnownEvent>(name: Name) {
  return async (event: ToldEvent, _args: unknown, context: RoomContext): Promise<KnownEvent[Name]> =>
    (await eventOf(event, context))[name];
}
