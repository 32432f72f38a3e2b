import { someOf } from '../../fanout/differences.ts';
import type { Difference, Source } from '../../fanout/sink.ts';
import { pagesOf } from './pages.ts';
import type { ClickHouseStore } from './store.ts';
import { trendingWindow } from './trending.ts';
import { miscounts } from './verify-engagement.ts';

/**
 * Compares what only the trending score needs: of every post its author and whether it is deleted; of every like that changed in
 * the window its newest version; and what the materialized view of the window counts.
 */
export async function compareTrending(store: ClickHouseStore, source: Source): Promise<Difference[]> {
  const { first_hour: since } = trendingWindow();
  const shown = { table: 'post_trend_per_hour', condition: "kind != 'LIKE'", since } as const;
  return [
    ...(await comparePosts(store, source)),
    ...(await compareLikes(store, source, since)),
    ...someOf(await miscounts(store, shown)),
  ];
}

async function comparePosts(store: ClickHouseStore, source: Source): Promise<Difference[]> {
  const expected = new Map<string, string>();
  for await (const posts of source.posts()) {
    for (const { id, authorId, isDeleted } of posts) expected.set(id, postText(authorId, isDeleted));
  }
  const rows = pagesOf<{ post_id: string; author: string; gone: number }>(store, storedPosts, {
    start: { after: '' },
    behind: ({ post_id }) => ({ after: post_id }),
  });
  return await differences(
    'post',
    expected,
    texts(rows, (row) => [row.post_id, postText(row.author, row.gone === 1)]),
  );
}

const postText = (authorId: string, isDeleted: boolean) => `${isDeleted ? 'deleted, ' : ''}of user ${authorId}`;

const storedPosts = `SELECT post_id, any(author_id) AS author, max(is_deleted) AS gone
FROM posts
WHERE post_id > {after:String}
GROUP BY post_id
ORDER BY post_id
LIMIT {limit:UInt32}`;

interface StoredLike {
  post_id: string;
  user_id: string;
  newest: number;
  holds: number;
  at_ms: number;
}

async function compareLikes(store: ClickHouseStore, source: Source, since: Date): Promise<Difference[]> {
  const expected = new Map<string, string>();
  for await (const likes of source.likes()) {
    for (const { kind, targetId, userId, likes: holds, version, changedAt } of likes) {
      if (kind !== 'POST' || changedAt < since) continue;
      expected.set(likeName(targetId, userId), likeText(holds, version, changedAt));
    }
  }
  const rows = pagesOf<StoredLike>(store, storedLikes, {
    params: { since },
    start: { after_post: '', after_user: '' },
    behind: ({ post_id, user_id }) => ({ after_post: post_id, after_user: user_id }),
  });
  const actual = texts(rows, ({ post_id, user_id, holds, newest, at_ms }) => [
    likeName(post_id, user_id),
    likeText(holds === 1, newest, new Date(at_ms)),
  ]);
  return await differences('like', expected, actual);
}

const likeName = (postId: string, userId: string) => `of post ${postId} by user ${userId}`;

const likeText = (holds: boolean, version: number, at: Date) =>
  `${holds ? 'given' : 'taken back'} in version ${version} at ${at.toISOString()}`;

const storedLikes = `SELECT post_id, user_id, max(version) AS newest, argMax(likes, version) AS holds,
  toUnixTimestamp64Milli(argMax(changed_at, version)) AS at_ms
FROM post_likes
WHERE (post_id, user_id) > ({after_post:String}, {after_user:String}) AND changed_at >= {since:DateTime64(3, 'UTC')}
GROUP BY post_id, user_id
ORDER BY post_id, user_id
LIMIT {limit:UInt32}`;

/** Of each row its name and what it says. */
async function* texts<Row>(
  pages: AsyncIterable<readonly Row[]>,
  textOf: (row: Row) => readonly [name: string, text: string],
): AsyncGenerator<readonly [name: string, text: string]> {
  for await (const rows of pages) yield* rows.map(textOf);
}

async function differences(
  kind: string,
  expected: Map<string, string>,
  actual: AsyncIterable<readonly [name: string, text: string]>,
): Promise<Difference[]> {
  const [wrong, unknown]: [Difference[], Difference[]] = [[], []];
  for await (const [name, text] of actual) {
    const wanted = expected.get(name);
    expected.delete(name);
    const difference = { what: `${kind} ${name}`, expected: wanted ?? 'absent', actual: text };
    if (wanted === undefined) unknown.push(difference);
    else if (wanted !== text) wrong.push(difference);
  }
  const absent = [...expected].map(([name, text]) => ({ what: `${kind} ${name}`, expected: text, actual: 'absent' }));
  return [...someOf(absent), ...someOf(unknown), ...someOf(wrong)];
}
