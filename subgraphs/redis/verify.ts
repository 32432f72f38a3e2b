import { someOfEach } from '../../fanout/differences.ts';
import type { Difference, Source } from '../../fanout/sink.ts';
import type { RedisStore } from './store.ts';
import { compareBlocks } from './verify-edges.ts';
import { comparePlays } from './verify-plays.ts';
import { comparePosts } from './verify-posts.ts';

/** Compares counters, leaderboards, blocks, and the ids that were counted in the last days, with the sources of truth. */
export async function verify(store: RedisStore, source: Source): Promise<Difference[]> {
  const differences = await compare(store, source);
  return someOfEach(differences, ({ what }) => /^(\S+ of \w+|\w+)/.exec(what)?.[0]);
}

/** Every difference. */
export const compare = async (store: RedisStore, source: Source): Promise<Difference[]> => [
  ...(await comparePlays(store, source)),
  ...(await comparePosts(store, source)),
  ...(await compareBlocks(store, source)),
];
