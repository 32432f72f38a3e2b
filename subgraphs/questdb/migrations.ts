/** How long reports are kept, counted from when they were measured. The lake keeps them for ever. */
export const retentionDays = 90;

/** The table of reports and its materialized view. */
export interface Tables {
  metrics: string;
  hourly: string;
}

export const tables: Tables = { metrics: 'streaming_metrics', hourly: 'playback_quality_hourly' };
export const probeTable = 'sink_probe';

/** The tables, in order; each can run again. Forward only: a change is a new statement at the end. */
export const migrations = ({ metrics, hourly }: Tables): readonly string[] => [
  // A partition is a day's folder: what a question about the last hour reads, and what the TTL drops. Symbols are numbers
  // into a dictionary, for words that come again and again; there are too many users for one.
  `CREATE TABLE IF NOT EXISTS ${metrics} (
  time TIMESTAMP,
  movie_id SYMBOL CAPACITY 4096,
  user_id VARCHAR,
  region SYMBOL,
  cdn_node SYMBOL,
  buffering_count LONG,
  average_bitrate_kbps LONG,
  event_id UUID
) TIMESTAMP(time) PARTITION BY DAY TTL ${retentionDays} DAYS WAL
DEDUP UPSERT KEYS(time, movie_id, user_id)`,

  // Sums and counts, not averages: an average of averages is none.
  `CREATE MATERIALIZED VIEW IF NOT EXISTS ${hourly} AS (
  SELECT time, movie_id, count() AS reports,
    sum(buffering_count) AS buffering_count_sum, sum(average_bitrate_kbps) AS average_bitrate_kbps_sum
  FROM ${metrics}
  SAMPLE BY 1h
) PARTITION BY DAY TTL ${retentionDays} DAYS`,

  // Where the sink shows that QuestDB takes writes; a day's probes are one row.
  `CREATE TABLE IF NOT EXISTS ${probeTable} (time TIMESTAMP, sink SYMBOL)
TIMESTAMP(time) PARTITION BY DAY TTL 1 DAY WAL DEDUP UPSERT KEYS(time)`,
];
