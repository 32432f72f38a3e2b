import { connectionOf } from '../../gateway/connection.ts';
import type { Viewer } from '../../gateway/request.ts';
import { feed } from '../../subgraphs/cassandra/feed/pages.ts';
import { trendingPosts } from '../../subgraphs/clickhouse/trending-queries.ts';
import { voteId } from '../../subgraphs/mongo/commands.ts';
import { type PostRow, postsById, votesById } from '../../subgraphs/mongo/queries.ts';
import { likedByFriends } from '../../subgraphs/neo4j/queries.ts';
import { postCounters } from '../../subgraphs/redis/queries.ts';
import { forAny, one } from '../answers.ts';
import { readUploads } from '../media.ts';
import type { Named, Titled } from '../names.ts';
import type { Stores } from '../stores.ts';

const page = { first: 10, after: null };
const shownTrending = 5;
const shownLikers = 3;

/**
 * Begins all that is to be read of the feed's posts and of those that trend: the posts themselves in one query, since a post may
 * be both.
 * @returns `found` as soon as it is known who wrote them, and about which films; `likers` likewise; and everything
 */
export function askForPosts({ cassandra, clickhouse, mongo, neo4j, redis, s3 }: Stores, viewer: Promise<Viewer>) {
  const trending = viewer.then(({ blocks: hidden = [] }) =>
    one(trendingPosts(clickhouse, [{ first: shownTrending, hidden }])),
  );
  const feedPage = viewer.then(async ({ userId, blocks: hidden = [] }) => {
    // `endsAt` is left aside: it is where a search ends that was given up after thousands of rows that did not count.
    const { posts } = await one(feed(cassandra, [{ userId, ...page, hidden }]));
    return connectionOf(posts, page, ({ createdAt, postId }) => ({ time: createdAt.getTime(), id: postId }));
  });
  const feedIds = feedPage.then(({ edges }) => edges.map(({ node }) => node.postId));

  const posts = Promise.all([feedIds, trending]).then(async ([feedIds, trending]) => {
    const ids = [...new Set([...feedIds, ...trending.map(({ post_id }) => post_id)])];
    const rows = await forAny(ids, (ids) => postsById(mongo, ids));
    // One that has been deleted a moment ago is still in a list.
    return new Map(rows.flatMap((row) => (row instanceof Error ? [] : [[row.id, row] as const])));
  });
  const inFeed = Promise.all([feedIds, posts]).then(([ids, posts]) => ids.flatMap((id) => posts.get(id) ?? []));
  const likers = Promise.all([viewer, feedIds]).then(async ([{ userId: viewerId, blocks: hiddenIds = [] }, ids]) => {
    const keys = ids.map((postId) => ({ viewerId, postId, first: shownLikers, hiddenIds }));
    return byKey(ids, await forAny(keys, (keys) => likedByFriends(neo4j, keys)));
  });
  const counters = feedIds.then(async (ids) => byKey(ids, await forAny(ids, (ids) => postCounters(redis, ids))));
  const votes = Promise.all([viewer, inFeed]).then(async ([{ userId }, posts]) => {
    const asking = posts.flatMap(({ id, poll }) => (poll ? [id] : []));
    const ids = asking.map((id) => voteId(id, userId));
    return byKey(asking, await forAny(ids, (ids) => votesById(mongo, ids)));
  });
  const uploads = inFeed.then((posts) => {
    const attachments = posts.flatMap(({ attachments }) => attachments);
    return readUploads(
      s3,
      attachments.flatMap(({ uploadId }) => uploadId ?? []),
    );
  });

  const all = Promise.all([feedPage, trending, posts, likers, counters, votes, uploads]).then(
    ([feedPage, trending, posts, likers, counters, votes, uploads]) => ({
      ...{ feedPage, trending, posts, likers, counters, votes, uploads },
    }),
  );
  const found = posts.then((posts) => [...posts.values()]);
  return { found, likers: likers.then((likers) => [...likers.values()].flat()), all };
}

type Posts = Awaited<ReturnType<typeof askForPosts>['all']>;

interface Names {
  titled: Titled;
  named: Named;
}

/** The feed as the page shows it. */
export function shownFeed({ feedPage, ...found }: Posts, names: Names) {
  const { hasNextPage, endCursor } = feedPage.pageInfo;
  const postOf = (id: string) => {
    const post = found.posts.get(id);
    return post ? shownPost(post, found, names) : null;
  };
  return {
    edges: feedPage.edges.map(({ cursor, node }) => ({ cursor, post: postOf(node.postId) })),
    pageInfo: { hasNextPage, endCursor },
  };
}

function shownPost(post: PostRow, found: Omit<Posts, 'feedPage'>, { titled, named }: Names) {
  const { id, title, body, createdAt, tags, attachments, poll, authorId, movieId } = post;
  return {
    ...{ id, title, body, createdAt, tags, author: named(authorId), ...found.counters.get(id) },
    attachments: attachments.map(({ type, title, url, uploadId }) => ({
      ...{ type, title, url, upload: uploadId === undefined ? null : found.uploads.get(uploadId) },
    })),
    poll: poll && {
      options: poll.options.map(({ text, votes }) => ({ text, votes })),
      closesAt: poll.closesAt,
      ownVote: found.votes.get(id),
    },
    movie: movieId === null ? null : titled(movieId),
    likedByFriends: found.likers.get(id)?.map(named),
  };
}

/** The trending posts as the page shows them. */
export const shownTrends = ({ trending, posts }: Posts, { named }: Names) =>
  trending.map(({ score, post_id }) => {
    const post = posts.get(post_id);
    return { score, post: post ? { id: post.id, title: post.title, author: named(post.authorId) } : null };
  });

const byKey = <Value>(keys: readonly string[], values: readonly Value[]) =>
  new Map(keys.map((key, index) => [key, values[index] as Value]));
