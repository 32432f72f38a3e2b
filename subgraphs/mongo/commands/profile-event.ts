import type { ProfileContent, ProfileDocument } from '../documents.ts';
import { entryOf, type OutboxEntry } from '../outbox.ts';

/** What a version of a profile writes into its document, with the event that tells of it. */
export function profileVersion(
  userId: string,
  profile: ProfileContent,
  { version, eventId }: { version: number; eventId: string },
): { fields: Omit<ProfileDocument, '_id' | 'outbox'>; entry: OutboxEntry } {
  const changedAt = new Date();
  const entry = entryOf('profile.changed', {
    ...{ eventId, subject: userId, version, actor: userId },
    data: { userId, ...profile, changedAt: changedAt.toISOString() },
  });
  return { fields: { ...profile, changedAt, version, eventId }, entry };
}
