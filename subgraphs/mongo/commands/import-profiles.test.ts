import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseEvent } from '../../../schema/events/index.ts';
import { type ImportedProfile, importProfiles, updateProfile } from '../commands.ts';
import { collections } from '../outbox.ts';
import { profilesByUser } from '../queries.ts';
import { newId, openTestMongo, type TestMongo } from '../testing.ts';

let room: TestMongo;
beforeAll(async () => {
  room = await openTestMongo();
});
afterAll(() => room[Symbol.asyncDispose]());

const eventsOf = (userId: string) => room.events(userId, collections.profiles);
const profile = (parts: Partial<ImportedProfile> = {}): ImportedProfile => ({
  ...{ userId: newId('u'), bio: ' Films. ', interests: ['noir', 'heist', 'noir'] },
  links: [{ title: 'Reviews', url: 'https://example.org/reviews' }],
  ...parts,
});

test('writes each profile and its event in one document, and a note for the relay', async () => {
  const profiles = [profile(), profile({ bio: '', links: [], interests: [] })];
  await importProfiles(room.store, profiles);
  for (const { userId, ...given } of profiles) {
    const expected = { ...given, interests: [...new Set(given.interests)] };
    expect(await profilesByUser(room.store, [userId])).toEqual([expected]);
    const document = await room.profiles.findOne({ _id: userId });
    const events = await eventsOf(userId);
    expect(events.map((event) => parseEvent(JSON.stringify(event)))).toMatchObject([
      {
        ...{ id: document?.eventId, type: 'profile.changed', subject: userId, version: 1, actor: userId },
        data: { userId, ...expected, changedAt: document?.changedAt.toISOString() },
      },
    ]);
    expect(await room.notes.findOne({ _id: document?.eventId ?? '' })).toMatchObject({ documentId: userId });
  }
});

test('leaves a profile that is there as it is, and writes those that an interruption left out', async () => {
  const [changed, untouched, missing] = [profile(), profile(), profile()];
  await importProfiles(room.store, [changed, untouched]);
  const own = await updateProfile(room.store, { userId: changed.userId, bio: 'My own words.', links: null });
  await importProfiles(room.store, [changed, untouched, missing]);
  expect(await profilesByUser(room.store, [changed.userId])).toEqual([own.profile]);
  const counts = await Promise.all([changed, untouched, missing].map(({ userId }) => eventsOf(userId)));
  expect(counts.map(({ length }) => length)).toEqual([2, 1, 1]);

  // The next change goes on from it as from any other.
  const next = await updateProfile(room.store, { userId: missing.userId, bio: 'New.' });
  expect((await eventsOf(missing.userId)).at(-1)).toMatchObject({ id: next.eventId, version: 2 });
});

test('twice at once writes each once', async () => {
  const profiles = Array.from({ length: 20 }, () => profile());
  await Promise.all([1, 2, 3].map(() => importProfiles(room.store, profiles)));
  const events = await Promise.all(profiles.map(({ userId }) => eventsOf(userId)));
  expect(events.map(({ length }) => length)).toEqual(profiles.map(() => 1));
});

test('refuses what is wrong before anything is written', async () => {
  const [good, bad] = [profile(), profile({ bio: 'x'.repeat(501) })];
  await expect(importProfiles(room.store, [good, bad])).rejects.toMatchObject({
    extensions: { code: 'BAD_USER_INPUT', argument: ['profiles', '1', 'bio'] },
  });
  expect(await profilesByUser(room.store, [good.userId])).toEqual([null]);
});
