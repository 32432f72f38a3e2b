import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { chunks } from '../../../gateway/batches.ts';
import { checkInput, idText } from '../../../gateway/input.ts';
import type { ProfileDocument } from '../documents.ts';
import { insertNew } from '../insert-new.ts';
import { collections, noteOf } from '../outbox.ts';
import type { MongoStore } from '../store.ts';
import { profileContent } from './input.ts';
import { writeNotes } from './post-event.ts';
import { profileVersion } from './profile-event.ts';

const importedProfile = z.object({ userId: idText, ...profileContent });

export type ImportedProfile = z.input<typeof importedProfile>;

const profilesPerBatch = 500;

/**
 * Writes the first profiles of users, each with its event `profile.changed`. Those that are there are left as they are,
 * whatever they say: an interrupted import can be repeated, and takes nothing back that somebody has written since.
 * @throws BAD_USER_INPUT with the argument's path, before anything is written
 */
export async function importProfiles(store: MongoStore, profiles: readonly ImportedProfile[]): Promise<void> {
  const checked = profiles.map((profile, index) => checkInput(importedProfile, profile, ['profiles', index]));
  for (const batch of chunks(checked, profilesPerBatch)) {
    const ids = batch.map(({ userId }) => userId);
    const present = await store.call(
      { text: 'db.profiles.find({ _id: { $in: IDS } }, { _id: 1 })', parameters: { IDS: ids }, isRead: true },
      async ({ profiles }) => await profiles.find({ _id: { $in: ids } }, { _id: 1 }).lean(),
    );
    const known = new Set(present.map(({ _id }) => _id));
    const news = batch
      .filter(({ userId }) => !known.has(userId))
      .map(({ userId, ...profile }) => {
        const { fields, entry } = profileVersion(userId, profile, { version: 1, eventId: uuidv7() });
        return { document: { _id: userId, ...fields, outbox: [entry] }, entry };
      });
    if (news.length === 0) continue;
    await writeNotes(
      store,
      news.map(({ entry }) => noteOf(entry)),
    );
    const documents: ProfileDocument[] = news.map(({ document }) => document);
    const text = 'db.profiles.insertMany(PROFILES, { ordered: false })';
    await store.call({ text, parameters: { PROFILES: documents } }, ({ db }) =>
      insertNew(db.collection<ProfileDocument>(collections.profiles), documents),
    );
  }
}
