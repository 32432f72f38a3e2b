import { importUsers, type RecordedWatch, type RecordWatch, recordWatches } from '../subgraphs/postgres/commands.ts';
import type { PostgresStore } from '../subgraphs/postgres/store.ts';
import { filmId } from './catalogue.ts';
import type { Checkpoint } from './checkpoint.ts';
import { Bad } from './problems.ts';
import type { RatingRow } from './rows.ts';
import { writeAll } from './write.ts';

/** A rating and its line. */
export interface Rating {
  line: number;
  row: RatingRow;
}

export interface WrittenRatings {
  /** Those that are watches now. */
  watches: Rating[];
  bad: { line: number; bad: Bad }[];
  /** Between which events the import has recorded watches, these included. */
  events: Checkpoint['events'];
}

/**
 * Makes the users of the ratings, where they are not there yet, and records the watches. May be repeated.
 * @param events the import's events before: a rating that was recorded between them repeats an earlier row
 */
export async function writeRatings(
  postgres: PostgresStore,
  ratings: readonly Rating[],
  events: Checkpoint['events'],
): Promise<WrittenRatings> {
  const oneOfEachUser = [...new Map(ratings.map((rating) => [rating.row.userId, rating])).values()];
  const strangers = await writeAll(oneOfEachUser, async (part) => {
    const users = part.map(({ row }) => viewerOf(row.userId));
    await importUsers(postgres, users);
  });
  const reasons = new Map(strangers.map(({ row, reason }) => [row.row.userId, reason]));

  const recorded: { rating: Rating; watch: RecordedWatch }[] = [];
  const refused = await writeAll(
    ratings.filter(({ row }) => !reasons.has(row.userId)),
    async (part) => {
      const watches = await recordWatches(
        postgres,
        part.map(({ row }) => watchOf(row)),
      );
      for (const [index, watch] of watches.entries()) recorded.push({ rating: part[index] as Rating, watch });
    },
  );

  const watches = new Map<string, Rating>();
  const bad = refused.map(({ row, reason }) => ({ line: row.line, bad: new Bad('refused', reason) }));
  for (const { line, row } of ratings) {
    const reason = reasons.get(row.userId);
    if (reason !== undefined) bad.push({ line, bad: new Bad('refused', reason) });
  }
  for (const { rating, watch } of recorded) {
    const isRepeated = watch.eventId > events.from && watch.eventId <= events.to;
    if (isRepeated || watches.has(watch.eventId)) bad.push({ line: rating.line, bad: new Bad('duplicate') });
    else watches.set(watch.eventId, rating);
  }
  // Their ids are in the order of their times (RFC 9562, section 5.7).
  const to = [events.to, ...watches.keys()].sort().at(-1) ?? events.to;
  return { watches: [...watches.values()], bad, events: { ...events, to } };
}

/** The id that a user of MovieLens has here. */
export const viewerId = (userId: number): string => `mlu${userId}`;

const viewerOf = (userId: number) => ({
  id: viewerId(userId),
  name: `Viewer ${userId}`,
  email: `viewer.${userId}@movielens.example`,
});

/** A rating says that somebody has seen the film, and not for how long: one PLAY at that time. */
const watchOf = ({ userId, movieId, watchedAt }: RatingRow): RecordWatch => ({
  userId: viewerId(userId),
  movieId: filmId(movieId),
  action: 'PLAY',
  watchedAt,
  positionSeconds: 0,
  durationSeconds: 0,
  device: 'WEB',
  quality: 'HD',
  idempotencyKey: `movielens:${movieId}:${watchedAt.getTime() / 1_000}`,
});
