import type { Admin } from 'kafkajs';

/** The part of a partition's log that can be read: from `low`, up to and without `high`. */
export interface Watermarks {
  low: bigint;
  high: bigint;
}

/** What is known of each partition of some topics. */
export type ByPartition<T> = ReadonlyMap<string, ReadonlyMap<number, T>>;

/** The next offset that the group wants of each partition; partitions that it has not begun are absent. */
export async function fetchCommitted(admin: Admin, groupId: string, topics: string[]): Promise<ByPartition<bigint>> {
  const offsets = await admin.fetchOffsets({ groupId, topics });
  return new Map(
    offsets.map(({ topic, partitions }) => [
      topic,
      new Map(
        partitions
          // Kafka says -1 where the group has committed nothing.
          .filter(({ offset }) => BigInt(offset) >= 0n)
          .map(({ partition, offset }) => [partition, BigInt(offset)]),
      ),
    ]),
  );
}

export async function fetchWatermarks(admin: Admin, topics: readonly string[]): Promise<ByPartition<Watermarks>> {
  return new Map(
    await Promise.all(
      topics.map(async (topic) => {
        const partitions = await admin.fetchTopicOffsets(topic);
        const marks = partitions.map(({ partition, low, high }) => {
          return [partition, { low: BigInt(low), high: BigInt(high) }] as const;
        });
        return [topic, new Map(marks)] as const;
      }),
    ),
  );
}

/** How many messages of the topics a group has not yet applied. */
export function lagOf(committed: ByPartition<bigint>, watermarks: ByPartition<Watermarks>, topics: readonly string[]) {
  let lag = 0n;
  for (const topic of topics) {
    for (const [partition, { low, high }] of watermarks.get(topic) ?? []) {
      const next = committed.get(topic)?.get(partition) ?? low;
      if (next < high) lag += high - next;
    }
  }
  return Number(lag);
}

/** The nearest offset that the log has. */
export function clamp(offset: bigint, { low, high }: Watermarks): bigint {
  if (offset < low) return low;
  return offset > high ? high : offset;
}
