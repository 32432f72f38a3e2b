/** How long an activity is kept, counted from when it happened. */
export const retentionDays = 400;
/** How long a post stands in feeds, counted from when it was written. */
export const feedRetentionDays = 90;

/**
 * The keyspace and its tables, in order; each can run again. Forward only: a change is a new statement at the end.
 * SimpleStrategy with one copy suits one node; a keyspace that exists already, with NetworkTopologyStrategy, stays as it is.
 */
export const migrations = (keyspace: string): readonly string[] => [
  `CREATE KEYSPACE IF NOT EXISTS ${keyspace}
WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,

  `CREATE TABLE IF NOT EXISTS ${keyspace}.user_activity_by_user (
  user_id text,
  activity_time timestamp,
  event_id uuid,
  action text,
  movie_id text,
  position_seconds int,
  duration_seconds int,
  device text,
  quality text,
  PRIMARY KEY ((user_id), activity_time, event_id)
) WITH CLUSTERING ORDER BY (activity_time DESC, event_id DESC)
  AND compaction = {
    'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'DAYS', 'compaction_window_size': 20
  }
  AND comment = 'What a user did, newest first. Rows expire ${retentionDays} days after activity_time.'`,

  `CREATE TABLE IF NOT EXISTS ${keyspace}.continue_watching_by_user (
  user_id text,
  last_watched_at timestamp,
  movie_id text,
  position_seconds int,
  PRIMARY KEY ((user_id), last_watched_at, movie_id)
) WITH CLUSTERING ORDER BY (last_watched_at DESC, movie_id DESC)
  AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'L4'}
  AND gc_grace_seconds = 864000
  AND comment = 'Movies to go on with, last watched first. Write timestamps are versions of the playback, not times.'`,

  `CREATE TABLE IF NOT EXISTS ${keyspace}.sink_probe (
  id text PRIMARY KEY,
  probed_at timestamp
)`,

  `CREATE TABLE IF NOT EXISTS ${keyspace}.social_activity_by_user (
  user_id text,
  activity_time timestamp,
  event_id uuid,
  kind text,
  target_user_id text,
  post_id text,
  movie_id text,
  tag text,
  details text,
  PRIMARY KEY ((user_id), activity_time, event_id)
) WITH CLUSTERING ORDER BY (activity_time DESC, event_id DESC)
  AND compaction = {
    'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'DAYS', 'compaction_window_size': 20
  }
  AND comment = 'Follows, likes, posts and comments of a user, newest first. Rows expire ${retentionDays} days after activity_time.'`,

  `CREATE TABLE IF NOT EXISTS ${keyspace}.following_by_user (
  user_id text,
  author_id text,
  follows boolean,
  version int,
  PRIMARY KEY ((user_id), author_id)
) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'L4'}
  AND comment = 'Whom a user follows, or no longer. Write timestamps are versions of the follow, not times.'`,

  `CREATE TABLE IF NOT EXISTS ${keyspace}.followers_by_author (
  author_id text,
  bucket int,
  follower_id text,
  follows boolean,
  version int,
  PRIMARY KEY ((author_id, bucket), follower_id)
) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}
  AND comment = 'Who follows an author, or no longer. Write timestamps are versions of the follow, not times.'`,

  `CREATE TABLE IF NOT EXISTS ${keyspace}.posts_by_author (
  author_id text,
  created_at timestamp,
  post_id text,
  PRIMARY KEY ((author_id), created_at, post_id)
) WITH CLUSTERING ORDER BY (created_at DESC, post_id DESC)
  AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'L4'}
  AND comment = 'What an author wrote, newest first. Rows expire ${feedRetentionDays} days after created_at.'`,

  `CREATE TABLE IF NOT EXISTS ${keyspace}.deleted_posts (
  post_id text PRIMARY KEY
) WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}
  AND comment = 'Posts that were deleted, until they would have left feeds by themselves.'`,

  `CREATE TABLE IF NOT EXISTS ${keyspace}.merged_authors (
  shard int,
  author_id text,
  PRIMARY KEY ((shard), author_id)
) WITH comment = 'Authors with so many followers that their posts are merged in by readers, and not spread.'`,

  `CREATE TABLE IF NOT EXISTS ${keyspace}.feed_by_user (
  user_id text,
  created_at timestamp,
  post_id text,
  author_id text,
  PRIMARY KEY ((user_id), created_at, post_id)
) WITH CLUSTERING ORDER BY (created_at DESC, post_id DESC)
  AND compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'L4'}
  AND gc_grace_seconds = 864000
  AND comment = 'Posts of those whom a user follows, newest first. Write timestamps are versions of the follow, not times. Rows expire ${feedRetentionDays} days after created_at.'`,

  // Where the post stood, which not every deletion tells.
  `ALTER TABLE ${keyspace}.deleted_posts ADD IF NOT EXISTS created_at timestamp`,
];
