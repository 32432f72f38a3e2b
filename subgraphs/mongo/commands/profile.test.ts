import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventTypes, parseEvent } from '../../../schema/events/index.ts';
import { type UpdateProfile, updateProfile } from '../commands.ts';
import { collections } from '../outbox.ts';
import { profilesByUser } from '../queries.ts';
import { newId, openTestMongo, type TestMongo } from '../testing.ts';

let room: TestMongo;
beforeAll(async () => {
  room = await openTestMongo();
});
afterAll(() => room[Symbol.asyncDispose]());

const link = { title: ' Reviews ', url: 'https://example.org/reviews' };
const whole = { bio: '  I watch films.\n', links: [link], interests: ['heist', 'sci-fi'] };
const code = (name: string, argument?: string[]) => ({ extensions: { code: name, ...(argument && { argument }) } });
const eventsOf = (userId: string) => room.events(userId, collections.profiles);
const profileOf = async (userId: string) => (await profilesByUser(room.store, [userId]))[0];

test('writes the profile and its event in one document, and a note for the relay', async () => {
  const userId = newId('u');
  expect(await profileOf(userId)).toBeNull();
  const { profile, eventId } = await updateProfile(room.store, { userId, ...whole });
  expect(profile).toEqual(whole);
  expect(await profileOf(userId)).toEqual(whole);

  const document = await room.profiles.findOne({ _id: userId });
  expect(document).toMatchObject({ version: 1, eventId, changedAt: expect.any(Date) });
  const [entry] = document?.outbox ?? [];
  expect(entry?.topic).toBe(eventTypes['profile.changed'].topic);
  expect(parseEvent(JSON.stringify(entry?.event))).toMatchObject({
    ...{
      id: eventId,
      source: '/streamshop/mongo',
      type: 'profile.changed',
      subject: userId,
      version: 1,
      actor: userId,
    },
    data: { userId, ...whole, changedAt: document?.changedAt.toISOString() },
  });
  expect(await room.notes.findOne({ _id: eventId })).toMatchObject({
    ...{ documentId: userId, type: 'profile.changed', actorId: userId },
  });
});

test('changes what is given; null and what is empty clear; what is left out stays', async () => {
  const userId = newId('u');
  await updateProfile(room.store, { userId, ...whole });
  const after = async (input: Omit<UpdateProfile, 'userId'>) => {
    const { profile, eventId } = await updateProfile(room.store, { userId, ...input });
    expect(await profileOf(userId)).toEqual(profile);
    const event = (await eventsOf(userId)).at(-1);
    expect(event).toMatchObject({ id: eventId, data: { ...profile } });
    return profile;
  };
  expect(await after({ bio: 'Other.' })).toEqual({ ...whole, bio: 'Other.' });
  expect(await after({ bio: null, interests: ['noir'] })).toEqual({ ...whole, bio: '', interests: ['noir'] });
  expect(await after({ bio: 'Back.' })).toMatchObject({ bio: 'Back.' });
  expect(await after({ bio: ' \n', links: [], interests: null })).toEqual({ bio: '', links: [], interests: [] });
  expect((await eventsOf(userId)).map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
});

test('a call that changes nothing writes nothing and gives the last change’s event, also after it is published', async () => {
  const userId = newId('u');
  const first = await updateProfile(room.store, { userId, ...whole });
  expect(await updateProfile(room.store, { userId, ...whole })).toEqual(first);
  expect(await updateProfile(room.store, { userId })).toEqual(first);
  expect(await eventsOf(userId)).toHaveLength(1);
  await room.profiles.updateOne({ _id: userId }, { $set: { outbox: [] } });
  expect(await updateProfile(room.store, { userId, bio: whole.bio })).toEqual(first);
  expect(await eventsOf(userId)).toEqual([]);
});

test('the first call writes a profile, though it may be empty', async () => {
  const userId = newId('u');
  const { profile, eventId } = await updateProfile(room.store, { userId });
  expect(profile).toEqual({ bio: '', links: [], interests: [] });
  expect((await eventsOf(userId)).map(({ id }) => id)).toEqual([eventId]);
});

test('interests are a set, in their own order', async () => {
  const { profile } = await updateProfile(room.store, { userId: newId('u'), interests: ['b', 'a', ' b ', 'a'] });
  expect(profile.interests).toEqual(['b', 'a']);
});

test('changes at the same time all take effect, one version after the other, the first one too', async () => {
  const userId = newId('u');
  const changes = await Promise.all(
    Array.from({ length: 12 }, (_, n) => updateProfile(room.store, { userId, bio: `Bio ${n}` })),
  );
  const events = await eventsOf(userId);
  expect(events.map(({ version }) => version)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
  expect(new Set(events.map(({ id }) => id))).toEqual(new Set(changes.map(({ eventId }) => eventId)));
  const document = await room.profiles.findOne({ _id: userId });
  expect(document).toMatchObject({ version: 12, eventId: events.at(-1)?.id });
  expect(events.at(-1)?.data).toMatchObject({ bio: document?.bio });
});

test.each([
  ['bio', { bio: 'x'.repeat(501) }],
  ['bio', { bio: 'a\0b' }],
  ['links', { links: Array(6).fill(link) }],
  ['links.0.title', { links: [{ ...link, title: ' ' }] }],
  ['links.0.title', { links: [{ ...link, title: 'x'.repeat(101) }] }],
  ['links.0.url', { links: [{ ...link, url: 'javascript:alert(1)' }] }],
  ['links.0.url', { links: [{ ...link, url: 's3://bucket/key' }] }],
  ['links.0.url', { links: [{ ...link, url: 'no url' }] }],
  ['links.0.url', { links: [{ ...link, url: `https://example.org/${'x'.repeat(2_000)}` }] }],
  ['interests', { interests: Array.from({ length: 21 }, (_, n) => `${n}`) }],
  ['interests.0', { interests: [''] }],
  ['interests.1', { interests: ['a', 'x'.repeat(101)] }],
])('refuses a wrong %s before anything is written', async (argument, parts) => {
  const userId = newId('u');
  await expect(updateProfile(room.store, { userId, ...parts })).rejects.toMatchObject(
    code('BAD_USER_INPUT', ['input', ...argument.split('.')]),
  );
  expect(await room.notes.countDocuments({ actorId: userId })).toBe(0);
});

test('text is kept as it came: nothing is taken for HTML', async () => {
  const bio = '<script>alert("&amp;")</script> <b>1 < 2</b>';
  const userId = newId('u');
  await updateProfile(room.store, { userId, bio, interests: [bio] });
  expect(await profileOf(userId)).toMatchObject({ bio, interests: [bio] });
});
