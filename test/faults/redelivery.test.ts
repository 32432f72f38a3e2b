import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { names } from '../../fanout/names.ts';
import { chunks } from '../../gateway/batches.ts';
import { topics } from '../../schema/events/index.ts';
import { rooms } from '../../subgraphs/index.ts';
import { verify } from '../command.ts';
import { control } from '../control.ts';
import { derivedState } from '../derived.ts';
import { askWhole, settings, until } from '../harness.ts';
import { caughtUp } from '../replay.ts';

const kafka = new Kafka({ brokers: settings.kafka.brokers, logLevel: logLevel.ERROR });

// Some ten thousand events go through every sink again.
const timeout = 300_000;

test('every event delivered a second time, in other batches, changes nothing', { timeout }, async () => {
  await caughtUp();
  const before = await derivedState();

  await control(settings, 'stopOne', 'workers');
  const admin = kafka.admin();
  await admin.connect();
  // A group that is gone has committed nothing: it begins at the oldest message.
  const groups = rooms.flatMap(({ name, consumes }) => (consumes ? [names.group(name)] : []));
  await admin.deleteGroups(groups);
  await admin.disconnect();
  await control(settings, 'start', 'workers');
  await until('the sinks are behind', async () => {
    const { fanout } = await askWhole('{ fanout { sinks { lag } } }');
    return fanout.sinks.every(({ lag }: { lag: number }) => lag > 0);
  });

  await caughtUp();
  expect(await derivedState()).toEqual(before);
  await verify();
});

test('every event published a second time, newest first, changes nothing: old versions lose', { timeout }, async () => {
  await caughtUp();
  const before = await derivedState();

  const messages = await readAll();
  expect(messages.length).toBeGreaterThan(1_000);
  const producer = kafka.producer();
  await producer.connect();
  for (const [topic, ofTopic] of Map.groupBy(messages.reverse(), ({ topic }) => topic)) {
    for (const some of chunks(ofTopic, 200)) await producer.send({ topic, messages: some });
  }
  await producer.disconnect();

  await caughtUp();
  expect(await derivedState()).toEqual(before);
  await verify();
});

/** Every message of every event topic, as it lies there. */
async function readAll() {
  const admin = kafka.admin();
  await admin.connect();
  let missing = 0;
  for (const topic of topics) {
    for (const { low, high } of await admin.fetchTopicOffsets(topic)) missing += Number(high) - Number(low);
  }
  const groupId = `test-read-all-${crypto.randomUUID()}`;
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  const messages: { topic: string; key: Buffer | null; value: Buffer | null }[] = [];
  await new Promise<void>((resolve) => {
    void consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, message: { key, value } }) => {
        messages.push({ topic, key, value });
        missing -= 1;
        if (missing === 0) resolve();
      },
    });
  });
  await consumer.disconnect();
  await admin.deleteGroups([groupId]);
  await admin.disconnect();
  return messages;
}
