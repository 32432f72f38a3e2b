import { isDeepStrictEqual } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { checkInput, idText } from '../../../gateway/input.ts';
import type { ProfileContent, ProfileDocument } from '../documents.ts';
import { isDuplicateKey } from '../insert-new.ts';
import { noteOf, type OutboxEntry } from '../outbox.ts';
import { profileOf } from '../queries.ts';
import type { MongoStore } from '../store.ts';
import { profileContent } from './input.ts';
import { writeNotes } from './post-event.ts';
import { profileVersion } from './profile-event.ts';

const profileInput = z.object({
  userId: idText,
  bio: profileContent.bio.nullish(),
  links: profileContent.links.nullish(),
  interests: profileContent.interests.nullish(),
});

/** What is left out stays as it is; null clears, as what is empty does. */
export type UpdateProfile = z.input<typeof profileInput>;

export interface WrittenProfile {
  profile: ProfileContent;
  eventId: string;
}

/**
 * Changes what somebody tells of themselves, with the event `profile.changed` in the same document. A call that changes nothing
 * writes nothing and gives the event of the last change, so that one whose answer was lost can be repeated; the first one of all
 * writes a profile, though it may be empty.
 * @throws BAD_USER_INPUT with the argument's path
 */
export async function updateProfile(store: MongoStore, input: UpdateProfile): Promise<WrittenProfile> {
  const { userId, ...given } = checkInput(profileInput, input, ['input']);
  const eventId = uuidv7();
  // Each attempt that fails is one in which another's change succeeded; the request's deadline ends them.
  for (let isNoted = false; ; isNoted = true) {
    const before = await readProfile(store, userId);
    const profile = changed(before ? profileOf(before) : { bio: '', links: [], interests: [] }, given);
    if (before && isDeepStrictEqual(profile, profileOf(before))) return { profile, eventId: before.eventId };
    const { fields, entry } = profileVersion(userId, profile, { version: (before?.version ?? 0) + 1, eventId });
    if (!isNoted) await writeNotes(store, [noteOf(entry)]);
    const isWritten = before
      ? await replace(store, { userId, read: before.version, fields, entry })
      : await insert(store, { _id: userId, ...fields, outbox: [entry] });
    if (isWritten) return { profile, eventId };
  }
}

function changed(before: ProfileContent, given: { [Name in keyof ProfileContent]?: ProfileContent[Name] | null }) {
  const { bio = before.bio, links = before.links, interests = before.interests } = given;
  return { bio: bio ?? '', links: links ?? [], interests: interests ?? [] };
}

async function readProfile(store: MongoStore, userId: string): Promise<ProfileDocument | null> {
  const text = 'db.profiles.findOne({ _id: ID }, { outbox: 0 })';
  return await store.call(
    { text, parameters: { ID: userId }, isRead: true, rowsOf: (profile) => (profile ? 1 : 0) },
    async ({ profiles }) => await profiles.findById(userId, { outbox: 0 }).lean(),
  );
}

/** Writes a user's first profile; tells whether there was none. */
async function insert(store: MongoStore, document: ProfileDocument): Promise<boolean> {
  const statement = { text: 'db.profiles.insertOne(PROFILE)', parameters: { PROFILE: document }, rowsOf: () => 1 };
  return await store.call(statement, async ({ profiles }) => {
    try {
      await profiles.insertMany([document]);
      return true;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return false;
    }
  });
}

interface Replacement {
  userId: string;
  /** The version for which alone it holds. */
  read: number;
  fields: Omit<ProfileDocument, '_id' | 'outbox'>;
  entry: OutboxEntry;
}

async function replace(store: MongoStore, { userId, read, fields, entry }: Replacement): Promise<boolean> {
  const statement = {
    text: `db.profiles.findOneAndUpdate(
  { _id: ID, version: READ },
  { $set: FIELDS, $push: { outbox: ENTRY } },
  { projection: { _id: 1 } }
)`,
    parameters: { ID: userId, READ: read, FIELDS: fields, ENTRY: entry },
    rowsOf: () => 1,
  };
  const found = await store.call(
    statement,
    async ({ profiles }) =>
      await profiles
        .findOneAndUpdate(
          { _id: userId, version: read },
          { $set: fields, $push: { outbox: entry } },
          { projection: { _id: 1 } },
        )
        .lean(),
  );
  return found !== null;
}
