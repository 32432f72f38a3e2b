import { hash } from 'node:crypto';
import type { Difference } from '../../../fanout/sink.ts';

/** Something that is there, by its name, and how it stands. */
export type Entry = readonly [what: string, state: string];

/** All entries of one side, in any order; can be read several times. */
export type Entries = () => AsyncIterable<Entry>;

const parts = 2 ** 14;
/** So many entries of parts that differ are held at a time. */
const entriesAtATime = 50_000;

/**
 * What differs between two sets that come in different orders and fit into no memory. As in Cassandra's own anti-entropy repair,
 * both are cut into parts by a hash, and each part has a sum: here the sum of its entries' hashes, which no order changes.
 * Only parts whose sums differ are read again, entry by entry.
 */
export async function* differencesOf(expected: Entries, actual: Entries): AsyncGenerator<Difference> {
  for (const some of groupsOf(await differingParts(expected, actual))) {
    const isAmong = ([what]: Entry) => some.has(partOf(what));
    const missing = new Map<string, string>();
    for await (const entry of expected()) if (isAmong(entry)) missing.set(...entry);
    for await (const entry of actual()) {
      if (!isAmong(entry)) continue;
      const [what, state] = entry;
      const wanted = missing.get(what) ?? 'absent';
      missing.delete(what);
      if (wanted !== state) yield { what, expected: wanted, actual: state };
    }
    for (const [what, wanted] of missing) yield { what, expected: wanted, actual: 'absent' };
  }
}

/** The parts that differ, and how many entries each has on both sides. */
async function differingParts(expected: Entries, actual: Entries): Promise<[part: number, entries: number][]> {
  // Wraps at 2^64, so that what has been added and subtracted again leaves nothing.
  const sums = new BigUint64Array(parts);
  const counts = new Array<number>(parts).fill(0);
  for (const [entries, sign] of [
    [expected, 1n],
    [actual, -1n],
  ] as const) {
    for await (const entry of entries()) {
      const part = partOf(entry[0]);
      sums[part] = (sums[part] ?? 0n) + sign * numberOf(entry);
      counts[part] = (counts[part] ?? 0) + 1;
    }
  }
  return [...counts.entries()].filter(([part]) => sums[part] !== 0n);
}

/** Parts to be compared together. */
function* groupsOf(differing: readonly (readonly [part: number, entries: number])[]): Generator<Set<number>> {
  let group = new Set<number>();
  let size = 0;
  for (const [part, entries] of differing) {
    if (size > 0 && size + entries > entriesAtATime) {
      yield group;
      group = new Set();
      size = 0;
    }
    group.add(part);
    size += entries;
  }
  if (size > 0) yield group;
}

const partOf = (what: string) => hash('sha256', what, 'buffer').readUInt32BE() % parts;
const numberOf = (entry: Entry) => hash('sha256', JSON.stringify(entry), 'buffer').readBigUInt64BE();
