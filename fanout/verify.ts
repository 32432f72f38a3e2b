import type { Settings } from '../config.ts';
import { patiently } from '../gateway/guard.ts';
import { openRooms } from '../gateway/open.ts';
import type { Room } from '../gateway/room.ts';
import { reasonOf } from './backoff.ts';
import { joinSources } from './source.ts';

/**
 * Compares the store of every sink with the sources of truth and prints what differs.
 * @returns whether nothing differs and every store could be compared
 */
export async function verify(
  rooms: readonly Room[],
  settings: Settings,
  print: (line: string) => void,
): Promise<boolean> {
  await using opened = openRooms(rooms, settings);
  const source = joinSources(opened.list.flatMap(({ open }) => open?.source ?? []));
  let isAllThere = true;
  for (const { room, open } of opened.list) {
    const sink = open?.sink;
    if (!sink) continue;
    const startedAt = performance.now();
    try {
      const differences = await patiently(() => sink.verify(source));
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      const verdict = differences.length === 0 ? 'as its source' : `${differences.length} differences`;
      print(`${room.name.padEnd(14)} ${verdict} (${seconds} s)`);
      for (const { what, expected, actual } of differences) {
        print(`  ${what}: expected ${expected}, is ${actual}`);
        isAllThere = false;
      }
    } catch (error) {
      isAllThere = false;
      print(`${room.name.padEnd(14)} cannot be compared: ${reasonOf(error)}`);
    }
  }
  return isAllThere;
}
