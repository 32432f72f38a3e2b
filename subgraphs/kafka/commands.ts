import * as z from 'zod';
import { chunks } from '../../gateway/batches.ts';
import { type ArgumentPath, checkInput, idText } from '../../gateway/input.ts';
import { type KeyedEvent, makeEvent } from '../../schema/events/make.ts';
import type { KafkaStore } from './store.ts';

/** A player's clock may be this far ahead. */
const clockSkewMs = 5_000;
const eventsPerSend = 1_000;
const source = '/streamshop/kafka';

const placeName = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'has 1 to 64 characters of A-Z, a-z, 0-9, ., _ and -');
const atMost = (least: number, most: number) => z.int().min(least, `is below ${least}`).max(most, `is above ${most}`);

const report = z.object({
  userId: idText,
  movieId: idText,
  region: placeName,
  cdnNode: placeName,
  bufferingCount: atMost(0, 1_000),
  averageBitrateKbps: atMost(1, 1_000_000),
  measuredAt: z
    .date()
    .min(new Date('2000-01-01'), 'is before the year 2000')
    .refine((at) => at.getTime() <= Date.now() + clockSkewMs, 'is in the future'),
});

/** What a player measured. */
export type ReportPlayback = z.input<typeof report>;

/**
 * Writes what a player measured to Kafka, as the event `playback.reported`. Repeating it is safe: with the same user, movie
 * and `measuredAt` it counts once.
 * @throws BAD_USER_INPUT with the argument's path, which begins with `input`; STORE_UNAVAILABLE or STORE_TIMEOUT
 */
export const reportPlayback = (store: KafkaStore, input: ReportPlayback): Promise<void> =>
  store.send([reported(input, ['input'])]);

/** Writes many reports, a thousand a request; see `reportPlayback`. Paths begin with `reports` and the report's index. */
export async function reportPlaybacks(store: KafkaStore, reports: readonly ReportPlayback[]): Promise<void> {
  const events = reports.map((report, index) => reported(report, ['reports', index]));
  for (const some of chunks(events, eventsPerSend)) await store.send(some);
}

function reported(input: ReportPlayback, path: ArgumentPath): KeyedEvent {
  const { measuredAt, ...measured } = checkInput(report, input, path);
  return makeEvent(source, 'playback.reported', {
    ...{ key: measured.movieId, subject: measured.movieId, version: 1, actor: measured.userId },
    data: { ...measured, measuredAt: measuredAt.toISOString() },
  });
}

const view = z.object({ userId: idText, postId: idText });
const importedView = view.extend({ viewedAt: z.date() });

export type ImportedPostView = z.input<typeof importedView>;

/**
 * Writes that a user opened a post to Kafka, as the event `post.viewed`. A repeated call is another view.
 * @throws BAD_USER_INPUT with the argument's path, which begins with `input`; STORE_UNAVAILABLE or STORE_TIMEOUT
 */
export async function recordPostView(store: KafkaStore, input: z.input<typeof view>): Promise<void> {
  await store.send([viewed({ ...input, viewedAt: new Date() }, ['input'])]);
}

/** Writes many views with the times that they come with, a thousand a request; see `recordPostView`. */
export async function importPostViews(store: KafkaStore, views: readonly ImportedPostView[]): Promise<void> {
  const events = views.map((view, index) => viewed(view, ['views', index]));
  for (const some of chunks(events, eventsPerSend)) await store.send(some);
}

function viewed(input: ImportedPostView, path: ArgumentPath): KeyedEvent {
  const { userId, postId, viewedAt } = checkInput(importedView, input, path);
  return makeEvent(source, 'post.viewed', {
    ...{ key: postId, subject: postId, version: 1, actor: userId },
    data: { postId, userId, viewedAt: viewedAt.toISOString() },
  });
}
