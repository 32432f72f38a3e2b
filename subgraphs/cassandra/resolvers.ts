import { connectionOf, readPage } from '../../gateway/connection.ts';
import { hiddenFrom, idOf, requireSelf } from '../../gateway/room.ts';
import { feed } from './feed/pages.ts';
import { continueWatching, watchHistory } from './queries.ts';
import { connectionOfSearch } from './search.ts';
import { socialActivity } from './social-activity.ts';
import type { Resolvers } from './types.generated.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const anyId = /^.{1,200}$/s;

export const resolvers: Resolvers = {
  User: {
    async watchHistory(user, args, context) {
      const userId = idOf(user);
      await requireSelf(context.request, userId);
      const page = readPage(args, uuid);
      const activities = await context.load(watchHistory, { userId, ...page });
      const { edges, pageInfo } = connectionOf(activities, page, ({ watchedAt, eventId }) => ({
        time: watchedAt.getTime(),
        id: eventId,
      }));
      return {
        edges: edges.map(({ cursor, node: { eventId, movieId, ...activity } }) => ({
          cursor,
          node: { id: eventId, movie: { id: movieId }, ...activity },
        })),
        pageInfo,
      };
    },

    async continueWatching(user, args, context) {
      const userId = idOf(user);
      await requireSelf(context.request, userId);
      const page = readPage(args, anyId);
      const movies = await context.load(continueWatching, { userId, ...page });
      const { edges, pageInfo } = connectionOf(movies, page, ({ lastWatchedAt, movieId }) => ({
        time: lastWatchedAt.getTime(),
        id: movieId,
      }));
      return {
        edges: edges.map(({ cursor, node: { movieId, ...place } }) => ({
          cursor,
          node: { movie: { id: movieId }, ...place },
        })),
        pageInfo,
      };
    },

    async feed(user, args, context) {
      const userId = idOf(user);
      await requireSelf(context.request, userId);
      const page = readPage(args, anyId);
      const hidden = await hiddenFrom(context.request);
      const { posts: found, endsAt } = await context.load(feed, { userId, ...page, hidden });
      const { edges, pageInfo } = connectionOfSearch({ found, endsAt }, page, ({ createdAt, postId }) => ({
        time: createdAt.getTime(),
        id: postId,
      }));
      return { edges: edges.map(({ cursor, node: { postId } }) => ({ cursor, post: { id: postId } })), pageInfo };
    },

    async activity(user, args, context) {
      const userId = idOf(user);
      await requireSelf(context.request, userId);
      const page = readPage(args, uuid);
      const hidden = await hiddenFrom(context.request);
      const search = await context.load(socialActivity, { userId, ...page, hidden });
      const { edges, pageInfo } = connectionOfSearch(search, page, ({ happenedAt, eventId }) => ({
        time: happenedAt.getTime(),
        id: eventId,
      }));
      return {
        edges: edges.map(({ cursor, node: { eventId, targetUserId, movieId, postId, ...activity } }) => ({
          cursor,
          node: {
            ...{ id: eventId, ...activity },
            ...{ user: stub(targetUserId), movie: stub(movieId), post: stub(postId) },
          },
        })),
        pageInfo,
      };
    },
  },
};

/** An entity that another subgraph tells more of. */
const stub = (id: string | null) => (id === null ? null : { id });
