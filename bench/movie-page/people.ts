import type { Viewer } from '../../gateway/request.ts';
import { commentsByPost, discussions } from '../../subgraphs/mongo/queries.ts';
import { friendsWhoWatched } from '../../subgraphs/neo4j/queries.ts';
import { usersById } from '../../subgraphs/postgres/queries.ts';
import { postCounters } from '../../subgraphs/redis/queries.ts';
import { besides, known, one } from '../answers.ts';
import { namedBy } from '../names.ts';
import type { Stores } from '../stores.ts';

interface PeopleOf {
  movieId: string;
  viewer: Promise<Viewer>;
}

/**
 * The viewer, those of their friends who have watched the film, and what users write about it; with the names of all of these in
 * one query, but for the viewer's, who is known before.
 */
export async function readPeople(stores: Stores, { movieId, viewer: asked }: PeopleOf) {
  const discussion = asked.then(({ blocks }) => readDiscussion(stores, movieId, blocks));
  const friends = asked.then(({ userId: viewerId, blocks: hiddenIds = [] }) =>
    one(friendsWhoWatched(stores.neo4j, [{ viewerId, movieId, first: 5, hiddenIds }])),
  );
  const [viewer, posts, friendIds, others] = await Promise.all([
    asked.then(({ userId }) => one(usersById(stores.postgres, [userId]))),
    discussion,
    friends,
    Promise.all([asked, discussion, friends]).then(([{ userId }, posts, friendIds]) => {
      const authorIds = posts.flatMap(({ authorId, comments }) => [
        authorId,
        ...comments.map(({ authorId }) => authorId),
      ]);
      return usersById(stores.postgres, besides(userId, [...authorIds, ...friendIds]));
    }),
  ]);

  const named = namedBy([viewer, ...others.map(known)]);
  return {
    viewer: named(viewer.id),
    friendsWhoWatched: friendIds.map(named),
    discussion: {
      edges: posts.map(({ id, title, body, createdAt, authorId, viewCount, likeCount, comments }) => ({
        node: {
          ...{ id, title, body, createdAt, author: named(authorId), viewCount, likeCount },
          comments: {
            edges: comments.map(({ id, body, authorId }) => ({ node: { id, body, author: named(authorId) } })),
          },
        },
      })),
    },
  };
}

const shownPosts = 3;
const shownComments = 2;

/**
 * The newest posts about the film, with their counters and first comments.
 * @param hidden whose posts and comments are left out
 */
async function readDiscussion({ mongo, redis }: Stores, movieId: string, hidden?: readonly string[]) {
  const newest = await one(discussions(mongo, [{ id: movieId, page: { first: shownPosts, after: null }, hidden }]));
  const posts = newest.slice(0, shownPosts);
  const ids = posts.map(({ id }) => id);
  const [counters, comments] = await Promise.all([
    postCounters(redis, ids),
    commentsByPost(
      mongo,
      ids.map((id) => ({ id, page: { first: shownComments, after: null }, hidden })),
    ),
  ]);
  return posts.map((post, index) => ({
    ...post,
    ...(counters[index] as (typeof counters)[number]),
    comments: (comments[index] ?? []).slice(0, shownComments),
  }));
}
