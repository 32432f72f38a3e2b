import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callsDuring } from '../../gateway/testing.ts';
import { createPost, updateProfile, votePoll } from './commands.ts';
import { newId, newUploadId, openTestMongo, pollPost, post, type TestMongo, theseUploads } from './testing.ts';

// Polls, profiles, uploads and reports, as the graph shows them.

let room: TestMongo;
beforeAll(async () => {
  room = await openTestMongo();
});
afterAll(() => room[Symbol.asyncDispose]());

const viewer = (userId: string) => ({ userId, scopes: [] });
const entities = (fields: string) => `query ($of: [_Any!]!) { _entities(representations: $of) { ${fields} } }`;
const of = (typename: string, ids: readonly string[]) => ({ of: ids.map((id) => ({ __typename: typename, id })) });
const codesOf = (errors: readonly { extensions?: object }[] | undefined) =>
  (errors ?? []).map(({ extensions }) => (extensions as { code: string }).code);
const html = '<script>alert("&amp;")</script> <b>1 < 2</b>';

describe('Poll', () => {
  const fields = '... on Post { id poll { options { text votes } closesAt ownVote } }';
  const ask = async (ids: readonly string[], userId: string | null) => {
    const { data, errors } = await room.execute(entities(fields), {
      ...{ viewer: userId === null ? null : viewer(userId), variables: of('Post', ids) },
    });
    expect(errors).toBeUndefined();
    return (data as { _entities: { poll: { ownVote: number | null } | null }[] })._entities;
  };

  test('tells its options, their votes and what the viewer has voted for; of 50 posts in two calls', async () => {
    const [authorId, userId, other] = [newId('u'), newId('u'), newId('u')];
    const closesAt = new Date(Date.now() + 3_600_000);
    const { post: asking } = await createPost(room.store, pollPost(authorId, { options: ['Yes', html], closesAt }));
    const { post: plain } = await createPost(room.store, post(authorId));
    const rest = await Promise.all(Array.from({ length: 48 }, () => createPost(room.store, pollPost(authorId))));
    for (const [voter, option] of [
      [userId, 1],
      [other, 0],
      [newId('u'), 1],
    ] as const) {
      await votePoll(room.store, { userId: voter, postId: asking.id, option });
    }
    const ids = [asking.id, plain.id, ...rest.map(({ post: { id } }) => id)];
    const options = [
      { text: 'Yes', votes: 1 },
      { text: html, votes: 2 },
    ];
    const calls = await callsDuring(async () => {
      const [first, second, ...others] = await ask(ids, userId);
      expect(first).toEqual({ id: asking.id, poll: { options, closesAt: closesAt.toISOString(), ownVote: 1 } });
      expect(second).toEqual({ id: plain.id, poll: null });
      expect(new Set(others.map(({ poll }) => poll?.ownVote))).toEqual(new Set([null]));
    });
    expect(calls).toHaveLength(2);
    const [[forOther], [forVisitor]] = [await ask([asking.id], other), await ask([asking.id], null)];
    expect([forOther?.poll?.ownVote, forVisitor?.poll?.ownVote]).toEqual([0, null]);
  });

  const create = `mutation ($input: CreatePostInput!) { createPost(input: $input) {
    post { id poll { options { text votes } closesAt ownVote } } event { id } } }`;
  const vote = `mutation ($id: ID!, $option: Int!) {
    before: editPost(input: { postId: $id }) { post { poll { ownVote } } }
    votePoll(input: { postId: $id, option: $option }) {
      post { id title poll { options { votes } ownVote } } event { id } } }`;

  test('is asked and answered by mutations, each of which shows what it has changed', async () => {
    const author = viewer(newId('u'));
    const input = { title: 'T', body: 'B', poll: { options: ['A', 'B'] }, idempotencyKey: 'k' };
    const created = await room.execute(create, { viewer: author, variables: { input } });
    const options = ['A', 'B'].map((text) => ({ text, votes: 0 }));
    const { post: written } = (created.data as { createPost: { post: { id: string } } }).createPost;
    expect(written).toEqual({ id: written.id, poll: { options, closesAt: null, ownVote: null } });

    const { data, errors } = await room.execute(vote, { viewer: author, variables: { id: written.id, option: 1 } });
    expect(errors).toBeUndefined();
    const { eventId } = await votePoll(room.store, { userId: author.userId, postId: written.id, option: 1 });
    expect(data).toMatchObject({
      before: { post: { poll: { ownVote: null } } },
      votePoll: {
        post: { id: written.id, title: 'T', poll: { options: [{ votes: 0 }, { votes: 1 }], ownVote: 1 } },
        event: { id: eventId },
      },
    });
    const again = await room.execute(vote, { viewer: author, variables: { id: written.id, option: 0 } });
    expect(again.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['input', 'option'] });
  });

  test('a wrong poll names its argument', async () => {
    const input = { title: 'T', body: 'B', poll: { options: ['A'] }, idempotencyKey: 'k' };
    const { errors } = await room.execute(create, { viewer: viewer(newId('u')), variables: { input } });
    expect(errors?.[0]?.extensions).toMatchObject({
      ...{ code: 'BAD_USER_INPUT', argument: ['input', 'poll', 'options'] },
    });
  });
});

describe('User.profile', () => {
  const fields = '... on User { id profile { bio links { title url } interests } }';
  const profile = { bio: html, links: [{ title: 'T', url: 'https://example.org/' }], interests: ['heist'] };

  test('is everybody’s to see; null where there is none; of 50 users in one call', async () => {
    const userIds = Array.from({ length: 50 }, () => newId('u'));
    const [first, second] = userIds as [string, string];
    await updateProfile(room.store, { userId: first, ...profile });
    await updateProfile(room.store, { userId: second });
    const calls = await callsDuring(async () => {
      const { data, errors } = await room.execute(entities(fields), { variables: of('User', userIds) });
      expect(errors).toBeUndefined();
      const empty = { bio: '', links: [], interests: [] };
      const expected = userIds.map((id) => ({ id, profile: id === first ? profile : id === second ? empty : null }));
      expect(data?._entities).toEqual(expected);
    });
    expect(calls).toHaveLength(1);
  });

  test('changes by updateProfile, which tells what is left out from what is cleared', async () => {
    const as = viewer(newId('u'));
    const update = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) {
      user { id profile { bio } } profile { bio links { title url } interests } event { id } } }`;
    const call = async (input: object) => {
      const { data, errors } = await room.execute(update, { viewer: as, variables: { input } });
      expect(errors).toBeUndefined();
      return (data as { updateProfile: { event: { id: string } } }).updateProfile;
    };
    const first = await call(profile);
    expect(first).toMatchObject({ user: { id: as.userId, profile: { bio: html } }, profile });
    expect(await call({ interests: null, bio: '' })).toMatchObject({
      profile: { bio: '', links: profile.links, interests: [] },
    });
    const [, last] = await room.events(as.userId, 'profiles');
    expect((await call({})).event.id).toBe(last?.id);
    const links = [{ title: 'T', url: 'ftp://example.org/' }];
    const { errors } = await room.execute(update, { viewer: as, variables: { input: { links } } });
    expect(errors?.[0]?.extensions).toMatchObject({ argument: ['input', 'links', '0', 'url'] });
  });
});

describe('attachments', () => {
  test('an upload is shown by its id, which S3 makes a URL of', async () => {
    const userId = newId('u');
    const id = newUploadId(userId);
    const create = `mutation ($input: CreatePostInput!) { createPost(input: $input) {
      post { id attachments { type url title upload { id } } } } }`;
    const attachments = [
      { type: 'IMAGE', uploadId: id, title: html },
      { type: 'LINK', url: 'https://example.org/' },
    ];
    const input = { title: 'T', body: 'B', attachments, idempotencyKey: 'k' };
    const uploads = theseUploads({ id, ownerId: userId });
    const { data, errors } = await room.execute(create, { viewer: viewer(userId), uploads, variables: { input } });
    expect(errors).toBeUndefined();
    const shown = [
      { type: 'IMAGE', url: null, title: html, upload: { id } },
      { type: 'LINK', url: 'https://example.org/', title: null, upload: null },
    ];
    const { post: written } = (data as { createPost: { post: { id: string } } }).createPost;
    expect(written).toEqual({ id: written.id, attachments: shown });
    const fields = '... on Post { attachments { type url title upload { id } } }';
    const read = await room.execute(entities(fields), { variables: of('Post', [written.id]) });
    expect(read.data?._entities).toEqual([{ attachments: shown }]);

    const edit = `mutation ($input: EditPostInput!) { editPost(input: $input) { post { id } } }`;
    const edited = { postId: written.id, attachments: [{ type: 'VIDEO', uploadId: newUploadId(userId) }] };
    const refused = await room.execute(edit, { viewer: viewer(userId), uploads, variables: { input: edited } });
    expect(refused.errors?.[0]?.extensions).toMatchObject({
      ...{ code: 'BAD_USER_INPUT', argument: ['input', 'attachments', '0', 'uploadId'] },
    });
  });
});

describe('reportPost', () => {
  const report = `mutation ($input: ReportPostInput!) { reportPost(input: $input) { post { id title } event { id } } }`;

  test('gives the post as it is, and the same event again', async () => {
    const { post: written } = await createPost(room.store, post(newId('u')));
    const as = viewer(newId('u'));
    const call = async (reason: string) => {
      const input = { postId: written.id, reason };
      const { data, errors } = await room.execute(report, { viewer: as, variables: { input } });
      expect(errors).toBeUndefined();
      return (data as { reportPost: { post: object; event: { id: string } } }).reportPost;
    };
    const first = await call('SPAM');
    expect(first.post).toEqual({ id: written.id, title: 'A title' });
    expect(await call('ABUSE')).toEqual(first);
  });
});

test('want a login before they ask MongoDB', async () => {
  const calls = await callsDuring(async () => {
    const { errors } = await room.execute(`mutation {
      votePoll(input: { postId: "p", option: 0 }) { event { id } }
      reportPost(input: { postId: "p", reason: SPAM }) { event { id } }
      updateProfile(input: { bio: "B" }) { event { id } } }`);
    expect(codesOf(errors)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED', 'UNAUTHENTICATED']);
  });
  expect(calls).toEqual([]);
});
