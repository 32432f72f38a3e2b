import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import pino from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  addComment,
  createPost,
  deletePost,
  editPost,
  importComments,
  importPosts,
  updateProfile,
  votePoll,
} from '../subgraphs/mongo/commands.ts';
import {
  collections,
  entryOf,
  noteOf,
  type OutboxEntry,
  type OutboxNote,
  type PositionDocument,
} from '../subgraphs/mongo/outbox.ts';
import { type MongoStore, openMongo } from '../subgraphs/mongo/store.ts';
import { comment, newId, openTestDatabase, pollPost, post, type TestDatabase } from '../subgraphs/mongo/testing.ts';
import { mongoOutbox } from './mongo-outbox.ts';
import { countMongoOutbox } from './mongo-waiting.ts';
import type { Outbox, OutboxSource } from './outbox.ts';
import { readMongoOutboxAge } from './outbox-age.ts';
import { startRelay } from './relay.ts';
import { onTopicsOf, openTestKafka, readTopic, silent, type TestKafka, until } from './testing.ts';
import type { Worker } from './worker.ts';

let kafka: TestKafka;
let database: TestDatabase;
let store: MongoStore;
let topic: string;
const running: Worker[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  kafka = await openTestKafka();
});
afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  database = await openTestDatabase();
  store = openMongo(database.settings);
  topic = kafka.names.topic('post_events');
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.stop()));
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await store.close();
  await database[Symbol.asyncDispose]();
});

async function relay(outbox: OutboxSource = mongoOutbox(database.settings), logger = silent): Promise<Worker> {
  const { settings, names } = kafka;
  const worker = startRelay({ outbox: onTopicsOf(names, outbox), settings, logger, names });
  running.push(worker);
  await worker.ready;
  return worker;
}

/** Starts a relay in a process of its own, which can be killed. */
async function relayProcess(): Promise<ChildProcess> {
  const prefix = kafka.names.topic('post_events').replace('post_events', '');
  const script = `
    import pino from 'pino';
    import { namesWith } from './fanout/names.ts';
    import { mongoOutbox } from './fanout/mongo-outbox.ts';
    import { startRelay } from './fanout/relay.ts';
    import { onTopicsOf } from './fanout/testing.ts';
    const { mongo, kafka, prefix } = JSON.parse(process.env.RELAY);
    const names = namesWith(prefix);
    const outbox = onTopicsOf(names, mongoOutbox(mongo));
    await startRelay({ outbox, names, settings: { kafka }, logger: pino({ level: 'silent' }) }).ready;
    process.send('ready');`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, RELAY: JSON.stringify({ mongo: database.settings, kafka: kafka.settings.kafka, prefix }) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.push(child);
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the relay ended'))),
  ]);
  return child;
}

const isDrained = async () => {
  const some = { 'outbox.0': { $exists: true } };
  const documents = (await database.posts.countDocuments(some)) + (await database.profiles.countDocuments(some));
  return documents + (await database.notes.countDocuments()) === 0;
};
const positions = () => database.db.collection<PositionDocument>(collections.positions);
const commentRow = (id: string) => database.db.collection<{ _id: string }>('comments').findOne({ _id: id });

interface Message {
  id: string;
  type: string;
  version: number;
  partition: number;
  offset: string;
}

/** The messages of a post, or of what else the key names, in the order in which the topic has them. */
async function published(documentId: string, from = topic): Promise<Message[]> {
  const messages = (await readTopic(kafka, from)).filter(({ key }) => key === documentId);
  return messages.map(({ value, partition, offset }) => {
    const { id, type, version } = JSON.parse(value);
    return { id, type, version, partition, offset };
  });
}

/** Puts an event into the outbox of a post of its own, without the command's note. */
async function strand(entry: (postId: string) => OutboxEntry): Promise<OutboxEntry & { postId: string }> {
  const { post: written } = await createPost(store, post(newId('u')));
  const postId = written.id;
  const stranded = entry(postId);
  await database.posts.updateOne({ _id: postId }, { $set: { version: 2, outbox: [stranded] } });
  await database.notes.deleteMany({ documentId: postId });
  return { ...stranded, postId };
}

const commented = (postId: string) => {
  const row = { _id: newId('c'), postId, authorId: 'u1', body: 'Text.', createdAt: new Date(), eventId: uuidv7() };
  return entryOf('comment.added', {
    ...{ eventId: row.eventId, subject: postId, version: 2, actor: 'u1' },
    companion: { collection: collections.comments, insert: row },
    data: { commentId: row._id, postId, authorId: 'u1', body: row.body, createdAt: row.createdAt.toISOString() },
  });
};

describe('what is published', () => {
  test('all that happens to a post, in its order, and where every message really is', async () => {
    const authorId = newId('u');
    const { post: written } = await createPost(store, post(authorId));
    const postId = written.id;
    for (let n = 0; n < 5; n++) {
      await editPost(store, { authorId, postId, title: `Edit ${n}` });
      await addComment(store, comment(newId('u'), postId));
    }
    const { eventId } = await deletePost(store, { authorId, postId });
    await relay();
    await until('the outbox is empty', isDrained);

    const messages = await published(postId);
    expect(messages.map(({ version }) => version)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    expect(messages.at(-1)).toMatchObject({ id: eventId, type: 'post.deleted' });
    for (const { id, type, partition, offset } of messages) {
      expect(await positions().findOne({ _id: id })).toMatchObject({ type, topic, partition, offset });
    }
    expect((await positions().findOne({ _id: eventId }))?.actorId).toBe(authorId);
  });

  test('posts and profiles, each in its order, though one id names both', async () => {
    const userId = newId('u');
    const profileTopic = kafka.names.topic('user_events');
    await importPosts(store, [{ id: userId, authorId: userId, title: 'Post 0', body: 'B', createdAt: new Date() }]);
    for (let n = 1; n < 6; n++) {
      await updateProfile(store, { userId, bio: `Bio ${n}` });
      await editPost(store, { authorId: userId, postId: userId, title: `Post ${n}` });
    }
    expect(await countMongoOutbox(database.db)).toBe(11);
    await relay();
    await until('the outbox is empty', isDrained);
    const [posts, profiles] = [await published(userId), await published(userId, profileTopic)];
    expect(posts.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(profiles.map(({ version, type }) => `${type} ${version}`)).toEqual(
      [1, 2, 3, 4, 5].map((version) => `profile.changed ${version}`),
    );
    for (const { id, partition, offset } of profiles) {
      expect(await positions().findOne({ _id: id })).toMatchObject({ topic: profileTopic, partition, offset });
    }
    expect(await countMongoOutbox(database.db)).toBe(0);
  });

  test('a profile does not wait for a backlog of posts', async () => {
    const userId = newId('u');
    await updateProfile(store, { userId, bio: 'First.' });
    const body = 'x'.repeat(9_000);
    const posts = Array.from({ length: 300 }, (_, n) => ({
      ...{ id: newId('p'), authorId: 'u1', title: `Post ${n}`, body, createdAt: new Date() },
    }));
    await importPosts(store, posts);
    await using outbox = await mongoOutbox(database.settings).connect(silent);
    expect((await outbox.read(2_000)).map(({ key }) => key)).toContain(userId);
  });

  test('what is written while it works, within a moment', async () => {
    await relay();
    const { post: written } = await createPost(store, post(newId('u')));
    await until('the outbox is empty', isDrained, 2_000);
    expect(await published(written.id)).toHaveLength(1);
  });

  test('a backlog of many posts', async () => {
    const prefix = newId('p');
    const posts = Array.from({ length: 2_500 }, (_, n) => ({
      ...{ id: `${prefix}-${n}`, authorId: 'u1', title: `Post ${n}`, body: 'x'.repeat(800), createdAt: new Date() },
    }));
    await importPosts(store, posts);
    await relay();
    await until('the outbox is empty', isDrained, 30_000);
    const keys = new Set((await readTopic(kafka, topic)).map(({ key }) => key));
    expect(posts.filter(({ id }) => !keys.has(id))).toEqual([]);
  });

  test('of one post a backlog that is longer than what is read of it at once, in its order', async () => {
    const { post: written } = await createPost(store, post(newId('u')));
    const comments = Array.from({ length: 350 }, (_, n) => ({
      ...{ id: newId('c'), postId: written.id, authorId: 'u1', body: `${n}`, createdAt: new Date() },
    }));
    await importComments(store, comments);
    // Older than a vain note may be: what is not read yet must not be taken for it.
    await database.notes.updateMany({}, { $set: { notedAt: new Date(Date.now() - 120_000) } });
    await relay();
    await until('the outbox is empty', isDrained);
    const versions = (await published(written.id)).map(({ version }) => version);
    expect(versions).toEqual(Array.from({ length: 351 }, (_, n) => n + 1));
  });

  test('of much that waits, only about as much is read as one request takes', async () => {
    const body = 'x'.repeat(9_000);
    const posts = Array.from({ length: 600 }, (_, n) => ({
      ...{ id: newId('p'), authorId: 'u1', title: `Post ${n}`, body, createdAt: new Date() },
    }));
    await importPosts(store, posts);
    await using outbox = await mongoOutbox(database.settings).connect(silent);
    const rows = await outbox.read(2_000);
    const characters = rows.reduce((sum, { payload }) => sum + payload.length, 0);
    expect(characters).toBeGreaterThan(900_000);
    expect(characters).toBeLessThan(1_300_000);
  });
});

describe('crashes', () => {
  /** The outbox, whose connection is lost when it records for the first time. */
  function losing(before: (outbox: Outbox) => Outbox['recordPublished']): OutboxSource {
    const source = mongoOutbox(database.settings);
    let isLost = false;
    return {
      ...source,
      async connect(logger) {
        const outbox = await source.connect(logger);
        const recordPublished: Outbox['recordPublished'] = async (placed) => {
          if (isLost) return await outbox.recordPublished(placed);
          isLost = true;
          await before(outbox)(placed);
          throw new Error('lost');
        };
        return { ...outbox, recordPublished };
      },
    };
  }

  test('between publishing and dropping: the same event is published again, and noted once', async () => {
    const { post: written, eventId } = await createPost(store, post(newId('u')));
    await relay(losing(() => async () => {}));
    await until('the outbox is empty', isDrained);
    const messages = await published(written.id);
    expect(messages.map(({ id }) => id)).toEqual([eventId, eventId]);
    expect(await positions().countDocuments({ _id: eventId })).toBe(1);
  });

  test('between noting the position and dropping: the first position stays', async () => {
    const { post: written, eventId } = await createPost(store, post(newId('u')));
    await relay(
      losing(() => async (placed) => {
        const [{ row, partition, offset }] = placed as [(typeof placed)[0]];
        const { id, type, actorId } = row;
        await positions().insertOne({
          ...{ _id: id, type, actorId, topic, partition, offset: String(offset), publishedAt: new Date() },
        });
      }),
    );
    await until('the outbox is empty', isDrained);
    const [first, second] = await published(written.id);
    expect(second?.id).toBe(eventId);
    expect(await positions().findOne({ _id: eventId })).toMatchObject({ offset: first?.offset });
  });

  test('between dropping the event and its note: the note goes too', async () => {
    const { eventId } = await createPost(store, post(newId('u')));
    const note = await database.notes.findOne({ _id: eventId });
    await relay();
    await until('the outbox is empty', isDrained);
    await database.notes.insertOne(note as NonNullable<typeof note>);
    await until('the note is dropped', isDrained, 2_000);
  });

  test('of a command between event and row: the comment’s row is there before its event is out', async () => {
    const { event, companion, postId } = await strand(commented);
    await database.notes.insertOne(noteOf({ topic, event }));
    const id = (companion as { insert: { _id: string } }).insert._id;
    expect(await commentRow(id)).toBeNull();
    await relay();
    await until('the outbox is empty', isDrained);
    expect(await commentRow(id)).toMatchObject({ postId, body: 'Text.', eventId: event.id });
  });

  test('of a command between event and row: the vote’s row is there before its event is out; deletion takes it', async () => {
    const authorId = newId('u');
    const { post: written } = await createPost(store, pollPost(authorId));
    const postId = written.id;
    const vote = { userId: newId('u'), postId, option: 1 };
    const { eventId } = await votePoll(store, vote);
    const votes = database.db.collection('poll_votes');
    await votes.deleteMany({ postId });
    await relay();
    await until('the outbox is empty', isDrained);
    expect(await votes.findOne({ postId })).toMatchObject({ userId: vote.userId, option: 1, eventId });
    expect(await votePoll(store, vote)).toMatchObject({ eventId });

    const row = await votes.findOne({ postId });
    await running.pop()?.stop();
    await deletePost(store, { authorId, postId });
    // As a command leaves it that dies between the tombstone and the rows.
    await votes.insertOne(row as NonNullable<typeof row>);
    await relay();
    await until('the outbox is empty', isDrained);
    expect(await votes.countDocuments({ postId })).toBe(0);
  });
});

describe('notes', () => {
  const noteWithout = (ageMs: number) => {
    const note = noteOf(commented('no-such-post'));
    return { ...note, notedAt: new Date(Date.now() - ageMs) };
  };

  test('one whose event does not come is dropped after a minute, and no sooner', async () => {
    const [stale, fresh] = [noteWithout(61_000), noteWithout(50_000)];
    await database.notes.insertMany([stale, fresh]);
    await relay();
    await until('the stale note is dropped', async () => !(await database.notes.findOne({ _id: stale._id })));
    expect(await database.notes.findOne({ _id: fresh._id })).not.toBeNull();
  });

  test('one that has waited since before profiles had an outbox leads to its event as well', async () => {
    const { event, postId } = await strand(commented);
    const { documentId, ...note } = noteOf({ topic, event });
    const kept = { ...note, postId: documentId };
    await database.notes.insertOne(kept as unknown as OutboxNote);
    expect(await countMongoOutbox(database.db)).toBe(1);
    expect((await readMongoOutboxAge(database.db)).oldestSeconds).toBeGreaterThan(0);
    await using outbox = await mongoOutbox(database.settings).connect(silent);
    expect((await outbox.read(10)).map(({ id, key }) => ({ id, key }))).toEqual([{ id: event.id, key: postId }]);
    await relay();
    await until('the outbox is empty', isDrained);
    expect((await published(postId)).map(({ id }) => id)).toEqual([event.id]);
  });

  test('a thousand of them hold nobody up', async () => {
    await database.notes.insertMany(Array.from({ length: 1_200 }, () => noteWithout(0)));
    const { post: written } = await createPost(store, post(newId('u')));
    await relay();
    await until('the event is published', async () => (await database.events(written.id)).length === 0, 5_000);
  });

  test('an event without one is found by the sweep when a relay starts, in a post and in a profile', async () => {
    const { event, postId } = await strand(commented);
    const userId = newId('u');
    const { eventId } = await updateProfile(store, { userId });
    await database.notes.deleteMany({ documentId: userId });
    await relay();
    await until('the outbox is empty', isDrained);
    expect((await published(postId)).map(({ id }) => id)).toEqual([event.id]);
    const profiles = await published(userId, kafka.names.topic('user_events'));
    expect(profiles.map(({ id }) => id)).toEqual([eventId]);
  });

  test('a sweep that fails is logged, and stops nobody', async () => {
    // No document may have an array for its _id: the event's note is refused.
    const broken = { ...(await database.posts.findOne({ _id: (await createPost(store, post('u1'))).post.id })) };
    await database.posts.deleteMany({});
    await database.notes.deleteMany({});
    await database.posts.insertOne({ ...broken, outbox: [{ event: { id: ['no', 'id'] } }] } as never);
    const lines: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line) => lines.push(line) });
    await relay(mongoOutbox(database.settings), logger);
    await until('it is logged', () => lines.length > 0);
    expect(lines.join()).toContain('without a note');
    const { post: written } = await createPost(store, post(newId('u')));
    await until('the event is published', async () => (await database.events(written.id)).length === 0, 2_000);
    expect(lines).toHaveLength(1);
  });
});

test('old positions are forgotten a thousand at a time, and no others', async () => {
  const dayMs = 86_400_000;
  const place = { type: 'post.changed', actorId: null, topic, partition: 0 };
  const rows = Array.from({ length: 1_510 }, (_, n) => {
    const publishedAt = new Date(Date.now() - (n < 1_500 ? 8 : 6) * dayMs);
    return { _id: uuidv7(), ...place, offset: `${n}`, publishedAt };
  });
  await positions().insertMany(rows);
  await using outbox = await mongoOutbox(database.settings).connect(silent);
  expect(await outbox.forgetOldPositions()).toBe(true);
  expect(await positions().countDocuments()).toBe(510);
  expect(await outbox.forgetOldPositions()).toBe(false);
  expect(await positions().countDocuments()).toBe(10);
  expect(await outbox.forgetOldPositions()).toBe(false);
});

describe('one works', () => {
  const leases = () => database.db.collection<{ _id: string; owner: string; until: Date }>(collections.leases);
  const owner = async () => (await leases().findOne({ _id: 'relay' }))?.owner;

  test('another takes over at once when it stops', async () => {
    const first = await relay();
    const firstOwner = await owner();
    await relay();
    expect(await owner()).toBe(firstOwner);
    await first.stop();
    await until('the other leads', async () => ![undefined, firstOwner].includes(await owner()), 2_000);
    await createPost(store, post(newId('u')));
    await until('the outbox is empty', isDrained, 2_000);
  });

  test('another takes over when its lease has run out', async () => {
    await leases().insertOne({ _id: 'relay', owner: 'dead', until: new Date(Date.now() + 1_500) });
    const { post: written } = await createPost(store, post(newId('u')));
    await relay();
    expect(await owner()).toBe('dead');
    expect(await database.events(written.id)).toHaveLength(1);
    await until('the outbox is empty', isDrained, 5_000);
    expect(await owner()).not.toBe('dead');
  });

  test('500 commands, the relay killed with -9 again and again: each event arrives, in order', {
    timeout: 120_000,
  }, async () => {
    const authors = Array.from({ length: 10 }, () => newId('u'));
    const ids = await Promise.all(authors.map(async (authorId) => (await createPost(store, post(authorId))).post.id));
    const expected = new Map<string, string[]>(ids.map((id) => [id, []]));
    let commands = 0;
    const writing = Promise.all(
      ids.map(async (postId, n) => {
        for (let edit = 0; edit < 25; edit++, commands += 2) {
          const authorId = authors[n] as string;
          expected.get(postId)?.push((await editPost(store, { authorId, postId, title: `Edit ${edit}` })).eventId);
          expected.get(postId)?.push((await addComment(store, comment('u1', postId))).eventId);
        }
      }),
    );
    for (let kills = 1; kills <= 3; kills++) {
      const child = await relayProcess();
      await until('some are written', () => commands >= Math.min(500, kills * 150));
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await writing;
    await relay();
    await until('the outbox is empty', isDrained, 30_000);

    const messages = Map.groupBy(await readTopic(kafka, topic), ({ key }) => key);
    for (const [postId, eventIds] of expected) {
      const seen = (messages.get(postId) ?? []).map(
        ({ value }) => JSON.parse(value) as { id: string; version: number },
      );
      // Each event's first arrival; a repeated run begins anew behind the crash.
      const firsts = seen.filter(({ id }, index) => seen.findIndex((other) => other.id === id) === index);
      expect(firsts.map(({ version }) => version)).toEqual(Array.from({ length: 51 }, (_, n) => n + 1));
      expect(firsts.slice(1).map(({ id }) => id)).toEqual(eventIds);
    }
  });
});
