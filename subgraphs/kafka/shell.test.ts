import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admin, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { kafkaClient } from '../../fanout/kafka.ts';
import { fetchLags } from '../../fanout/lags.ts';
import { names } from '../../fanout/names.ts';
import type { StoreCall } from '../../gateway/seam.ts';
import { endedCalls } from '../../gateway/testing.ts';
import type { KeyedEvent } from '../../schema/events/make.ts';
import { makeEvent } from '../../schema/events/make.ts';
import { sinkProgress, sinkStates } from './queries.ts';
import { readTopic } from './read-topic.ts';
import { type KafkaStore, openKafka } from './store.ts';

const settings = readSettings().kafka;
const client = kafkaClient({ settings, retries: 5 });
const folder = mkdtempSync(join(tmpdir(), 'streamshop-kafka-'));
const sinks = [
  { name: `one-${folder.slice(-6)}`, consumes: ['movie.changed'] as const },
  { name: `other-${folder.slice(-6)}`, consumes: ['post.viewed'] as const },
];
let store: KafkaStore;
let admin: Admin;

beforeAll(async () => {
  store = openKafka(settings, sinks);
  await store.migrate();
  admin = client.admin();
  await admin.connect();
  // In place of Kafka's own commands: each keeps its words and what it is given to read.
  for (const command of ['consumer-groups', 'console-consumer', 'console-producer', 'cluster']) {
    const file = join(folder, `kafka-${command}.sh`);
    const read = command === 'console-producer' ? 'cat' : 'true';
    writeFileSync(
      file,
      `#!/bin/sh\nprintf '%s\\0' "$0" "$@" "$(${read})" >> ${folder}/typed\nprintf '\\1' >> ${folder}/typed\n`,
    );
    chmodSync(file, 0o755);
  }
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await admin?.disconnect();
  await store?.close();
});

/** The commands that a shell starts when a call's statement is pasted. */
function paste({ statement, parameters, inShell }: StoreCall) {
  rmSync(join(folder, 'typed'), { force: true });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  execFileSync('sh', ['-c', inShell?.(statement, parameters) ?? ''], { env });
  const commands = readFileSync(join(folder, 'typed'), 'utf8').split('\u0001').slice(0, -1);
  return commands.map((command) => {
    const [program = '', ...words] = command.split('\0').slice(0, -1);
    const input = words.pop() ?? '';
    expect(valuesOf(words, '--bootstrap-server')).toEqual([settings.brokers.join(',')]);
    return { program: program.replace(`${folder}/`, ''), words, input };
  });
}

const valuesOf = (words: readonly string[], option: string) =>
  words.flatMap((word, index) => (words[index - 1] === option ? [word] : []));

test('what a page asks is asked of the same groups and topics when it is pasted', async () => {
  const position = { type: 'post.viewed', topic: 'post_events', partition: 0, offset: '0' };
  let lags: number[] = [];
  const calls = await endedCalls(async () => {
    const [progress = []] = await sinkProgress(store, ['all']);
    lags = progress.map(({ lag }) => lag);
    await sinkStates(store, [{ id: 'e1', ...position }]);
    await store.ping();
  });
  const [all, one, ping] = calls.map(paste);
  expect(all?.map(({ program, words }) => [program, words[0]])).toEqual([
    ['kafka-consumer-groups.sh', '--describe'],
    ['kafka-console-consumer.sh', '--topic'],
  ]);
  const groupsOf = (commands: typeof all) => valuesOf(commands?.[0]?.words ?? [], '--group');
  expect(groupsOf(all)).toEqual(sinks.map(({ name }) => names.group(name)));
  expect(groupsOf(one)).toEqual([names.group(sinks[1]?.name ?? '')]);
  expect(valuesOf(all?.[1]?.words ?? [], '--topic')).toEqual([names.deadLetters]);
  expect(ping?.map(({ program, words }) => `${program} ${words[0]}`)).toEqual(['kafka-cluster.sh cluster-id']);
  // What those groups lag behind is what the page says; others may write meanwhile.
  const later = await fetchLags(admin, sinks, names);
  for (const [index, { name }] of sinks.entries()) expect(later.get(name)).toBeGreaterThanOrEqual(lags[index] ?? 0);
});

test('events that are pasted are written as they were', async () => {
  const postId = `p-${folder.slice(-6)}`;
  const userId = `it's "\\ $HOME \`id\`\nEND\n映画`;
  const events: KeyedEvent[] = [1, 2].map((version) =>
    makeEvent('/streamshop/kafka', 'post.viewed', {
      ...{ key: postId, subject: postId, version, actor: userId },
      data: { postId, userId, viewedAt: new Date().toISOString() },
    }),
  );
  const [call] = await endedCalls(() => store.send(events));
  expect(call?.statement).not.toContain(postId);
  const [typed, ...others] = paste(call ?? expect.fail());
  expect(others).toEqual([]);
  expect(valuesOf(typed?.words ?? [], '--property')).toEqual(['parse.headers=true', 'parse.key=true']);
  const [topic = ''] = valuesOf(typed?.words ?? [], '--topic');
  // A line is taken apart as the console producer does: headers, key and value, with tabs between them.
  const messages = (typed?.input ?? '').split('\n').map((line) => {
    const [header = '', key = '', value = ''] = line.split('\t');
    return { key, value, headers: Object.fromEntries([header.split(':')]) };
  });
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();

  const found = [];
  for await (const batch of readTopic(client, topic)) found.push(...batch);
  const plain = found
    .filter(({ key }) => String(key) === postId)
    .map(({ value, headers }) => [String(value), String(headers?.id)]);
  expect(plain).toHaveLength(4);
  expect(plain.slice(2)).toEqual(plain.slice(0, 2));
});
