import type { types } from 'cassandra-driver';

/** One user's rows in two tables. */
export interface Joined {
  userId: string;
  left: readonly types.Row[];
  right: readonly types.Row[];
}

/** Rows of a whole table, page by page; each tells its `user_id`, and `place`, the token of its partition. */
type Rows = AsyncIterable<readonly types.Row[]>;

/**
 * Joins two tables that have the user as their partition key. Cassandra gives the partitions of a table in the order of their
 * tokens, and the token depends on the key alone: so both tables come in the same order, and it takes no more memory than
 * the rows of one user.
 */
export async function* joinByUser(left: Rows, right: Rows): AsyncGenerator<Joined> {
  const [lefts, rights] = [partitionsOf(left), partitionsOf(right)];
  const nextOf = async (partitions: typeof lefts): Promise<Partition | undefined> => (await partitions.next()).value;
  let [one, other] = await Promise.all([nextOf(lefts), nextOf(rights)]);
  while (one || other) {
    const order = !one ? 1 : !other ? -1 : byToken(one, other);
    if (one && order < 0) {
      yield { userId: one.userId, left: one.rows, right: [] };
    } else if (other) {
      yield { userId: other.userId, left: order === 0 && one ? one.rows : [], right: other.rows };
    }
    [one, other] = [order <= 0 ? await nextOf(lefts) : one, order >= 0 ? await nextOf(rights) : other];
  }
}

interface Partition {
  token: bigint;
  userId: string;
  rows: types.Row[];
}

/** As Cassandra orders them: keys that share a token go by their bytes. */
function byToken(a: Partition, b: Partition): number {
  if (a.token !== b.token) return a.token < b.token ? -1 : 1;
  return Buffer.compare(Buffer.from(a.userId), Buffer.from(b.userId));
}

async function* partitionsOf(table: Rows): AsyncGenerator<Partition, undefined> {
  let partition: Partition | undefined;
  for await (const rows of table) {
    for (const row of rows) {
      if (partition?.userId !== row.user_id) {
        if (partition) yield partition;
        partition = { token: row.place, userId: row.user_id, rows: [] };
      }
      partition?.rows.push(row);
    }
  }
  if (partition) yield partition;
  return undefined;
}
