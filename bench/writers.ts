import { randomUUID } from 'node:crypto';
import { readFilms } from '../seed/films.ts';
import type { ReportPlayback } from '../subgraphs/kafka/commands.ts';
import { createPost } from '../subgraphs/mongo/commands.ts';
import type { MongoStore } from '../subgraphs/mongo/store.ts';
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

export interface WrittenPost {
  authorId: string;
  postId: string;
}

/** A post of each author, about no film, the same ones at each run: they can be edited and commented on for ever. */
export const openPosts = (mongo: MongoStore, authorIds: readonly string[]): Promise<WrittenPost[]> =>
  Promise.all(
    authorIds.map(async (authorId) => {
      const content = { title: 'Benchmark', body: 'To be edited.', idempotencyKey: 'bench' };
      const { post } = await createPost(mongo, { authorId, ...content });
      return { authorId, postId: post.id };
    }),
  );

const films = readFilms();
const anyFilm = () => films[Math.floor(Math.random() * films.length)] as (typeof films)[number];

/** A watch that nobody has recorded yet, of any film. */
export const newWatch = (): Omit<RecordWatch, 'userId'> => ({
  movieId: anyFilm().id,
  ...({ action: 'PLAY', positionSeconds: 0, durationSeconds: 0, device: 'WEB', quality: 'HD' } as const),
  idempotencyKey: randomUUID(),
});

/** What a player measures now, of any film. */
export const newReport = (userId: string): ReportPlayback => ({
  userId,
  movieId: anyFilm().id,
  ...{ region: 'bench', cdnNode: 'bench-1', bufferingCount: 0, averageBitrateKbps: 5_000 },
  measuredAt: new Date(),
});

/** A text as long as people write, which nobody has written yet. */
export const newText = (): string => `${anyFilm().synopsis} ${randomUUID()}`;

/** Gives the items in turn, for ever. */
export function inTurn<T>(items: readonly T[]): () => T {
  let turn = 0;
  return () => {
    turn += 1;
    return items[turn % items.length] as T;
  };
}
