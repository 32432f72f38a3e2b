/**
 * How long watches and engagement are kept: thirteen months, so that a month can be compared with the same one a year before. The lake
 * keeps them for ever.
 */
export const retentionDays = 400;

/** How long what only the trending score needs is kept: its window, and a day for what comes late. */
export const trendRetentionDays = 8;

/**
 * The tables, in the order in which they are made. Every statement may run again at each start; a change is a new
 * statement at the end (`ALTER TABLE … ADD COLUMN IF NOT EXISTS …`), never an edit above.
 */
export const migrations: readonly string[] = [
  // A redelivered event has the same sorting key, so that merges drop it. When they do is ClickHouse's business: no query
  // relies on it. The primary key, which is held in memory, leaves the event's id out.
  // A part goes as a whole, once all of its month has expired: no merge rewrites data only to forget some of it.
  `CREATE TABLE IF NOT EXISTS movie_watch_events
(
    event_id UUID,
    movie_id String,
    user_id String,
    action Enum8('PLAY' = 1, 'PAUSE' = 2, 'SEEK' = 3, 'STOP' = 4),
    watched_at DateTime64(3, 'UTC'),
    position_seconds UInt32,
    duration_seconds UInt32,
    device LowCardinality(String),
    quality LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(watched_at)
PRIMARY KEY (movie_id, watched_at)
ORDER BY (movie_id, watched_at, event_id)
TTL toDateTime(watched_at) + INTERVAL ${retentionDays} DAY
SETTINGS ttl_only_drop_parts = 1`,

  // One row a movie and hour, holding the set of event ids as an aggregate state, not a number: sets can be merged with
  // those of a redelivery, numbers cannot.
  `CREATE TABLE IF NOT EXISTS views_per_hour
(
    movie_id String,
    hour DateTime('UTC'),
    views AggregateFunction(uniqExact, UUID)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (movie_id, hour)
TTL hour + INTERVAL ${retentionDays} DAY
SETTINGS ttl_only_drop_parts = 1`,

  // Sees the rows of each INSERT, and never those that were there before it: it is made before the first event arrives.
  `CREATE MATERIALIZED VIEW IF NOT EXISTS views_per_hour_filler TO views_per_hour AS
SELECT
    movie_id,
    toStartOfHour(toDateTime(watched_at, 'UTC')) AS hour,
    uniqExactState(event_id) AS views
FROM movie_watch_events
WHERE action = 'PLAY'
GROUP BY movie_id, hour`,

  // Where the sink shows that ClickHouse takes writes; merges keep it at one row.
  `CREATE TABLE IF NOT EXISTS sink_probe (probed_at DateTime64(3, 'UTC')) ENGINE = ReplacingMergeTree ORDER BY tuple()`,

  // What people do with posts: each act is a row, also a like that is taken back later.
  `CREATE TABLE IF NOT EXISTS post_engagement_events
(
    event_id UUID,
    post_id String,
    kind Enum8('VIEW' = 1, 'LIKE' = 2, 'COMMENT' = 3),
    user_id String,
    happened_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(happened_at)
PRIMARY KEY (post_id, happened_at)
ORDER BY (post_id, happened_at, event_id)
TTL toDateTime(happened_at) + INTERVAL ${retentionDays} DAY
SETTINGS ttl_only_drop_parts = 1`,

  `CREATE TABLE IF NOT EXISTS post_engagement_per_hour
(
    post_id String,
    hour DateTime('UTC'),
    kind Enum8('VIEW' = 1, 'LIKE' = 2, 'COMMENT' = 3),
    acts AggregateFunction(uniqExact, UUID)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (post_id, hour, kind)
TTL hour + INTERVAL ${retentionDays} DAY
SETTINGS ttl_only_drop_parts = 1`,

  `CREATE MATERIALIZED VIEW IF NOT EXISTS post_engagement_per_hour_filler TO post_engagement_per_hour AS
SELECT
    post_id,
    toStartOfHour(toDateTime(happened_at, 'UTC')) AS hour,
    kind,
    uniqExactState(event_id) AS acts
FROM post_engagement_events
GROUP BY post_id, hour, kind`,

  // Who wrote a post, and whether it is gone. What stays of several rows is the one with the greatest `is_deleted`: a deletion
  // is for ever, whenever it comes.
  `CREATE TABLE IF NOT EXISTS posts
(
    post_id String,
    author_id String,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(is_deleted)
ORDER BY post_id`,

  // The likes of posts as they stand: of each user and post the newest version counts. Partitions are days, as all of them are
  // gone after little more than a week; the versions of one like may lie in several.
  `CREATE TABLE IF NOT EXISTS post_likes
(
    post_id String,
    user_id String,
    version UInt32,
    likes UInt8,
    changed_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMMDD(changed_at)
ORDER BY (post_id, user_id)
TTL toDateTime(changed_at) + INTERVAL ${trendRetentionDays} DAY
SETTINGS ttl_only_drop_parts = 1`,

  // The same states as those of post_engagement_per_hour, but sorted by the hour first, and only of these days: what all posts
  // had lately lies together.
  `CREATE TABLE IF NOT EXISTS post_trend_per_hour
(
    hour DateTime('UTC'),
    post_id String,
    kind Enum8('VIEW' = 1, 'LIKE' = 2, 'COMMENT' = 3),
    acts AggregateFunction(uniqExact, UUID)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(hour)
ORDER BY (hour, post_id, kind)
TTL hour + INTERVAL ${trendRetentionDays} DAY
SETTINGS ttl_only_drop_parts = 1`,

  // Leaves out what is older: an import of old events would touch more partitions than one INSERT may.
  `CREATE MATERIALIZED VIEW IF NOT EXISTS post_trend_per_hour_filler TO post_trend_per_hour AS
SELECT
    toStartOfHour(toDateTime(happened_at, 'UTC')) AS hour,
    post_id,
    kind,
    uniqExactState(event_id) AS acts
FROM post_engagement_events
WHERE kind != 'LIKE' AND happened_at > now('UTC') - INTERVAL ${trendRetentionDays} DAY
GROUP BY hour, post_id, kind`,
];
