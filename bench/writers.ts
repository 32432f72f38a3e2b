import { randomUUID } from 'node:crypto';
import { readFilms } from '../seed/films.ts';
import { importUsers, type RecordWatch } from '../subgraphs/postgres/commands.ts';
import type { PostgresStore } from '../subgraphs/postgres/store.ts';

/**
 * Users of the benchmark's own, the same ones at each run: a watch locks its user, so it takes as many as write at once.
 * @returns their ids
 */
export async function openWriters(postgres: PostgresStore, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `bench-${index + 1}`);
  await importUsers(
    postgres,
    ids.map((id) => ({ id, name: `Benchmark ${id}`, email: `${id}@streamshop.example` })),
  );
  return ids;
}

const movieIds = readFilms().map(({ id }) => id);

/** A watch that nobody has recorded yet, of any film. */
export const newWatch = (): Omit<RecordWatch, 'userId'> => ({
  movieId: movieIds[Math.floor(Math.random() * movieIds.length)] as string,
  ...({ action: 'PLAY', positionSeconds: 0, durationSeconds: 0, device: 'WEB', quality: 'HD' } as const),
  idempotencyKey: randomUUID(),
});

/** Gives the items in turn, for ever. */
export function inTurn<T>(items: readonly T[]): () => T {
  let turn = 0;
  return () => {
    turn += 1;
    return items[turn % items.length] as T;
  };
}
