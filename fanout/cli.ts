import { parseArgs } from 'node:util';
import { Partitioners } from 'kafkajs';
import { readSettings, type Settings } from '../config.ts';
import { activeSinks, openRooms } from '../gateway/open.ts';
import { rooms } from '../subgraphs/index.ts';
import { reasonOf } from './backoff.ts';
import { openProgress, unpublished, waitUntilCaughtUp } from './caught-up.ts';
import { createDeadLetterView } from './dead-letter-view.ts';
import type { DeadLetter } from './dead-letters.ts';
import { kafkaClient } from './kafka.ts';
import { names } from './names.ts';
import { redrive } from './redrive.ts';
import { sweepUploads } from './sweep-uploads.ts';
import { ensureTopics } from './topics.ts';
import { verify } from './verify.ts';

const help = `npm run fanout -- COMMAND

  status                             events in the outboxes, lag and dead letters of each sink
  verify                             waits until nothing is pending, then compares every derived store with its source;
                                     exit code 1 where something differs
  redrive [--sink NAME] [--event ID] applies the outstanding dead letters; exit code 1 where one still fails
  sweep [--even-without-posts]       removes uploads that are older than two days and that nothing refers to, and prints
                                     their ids; the workers do so every hour. Where there is no post at all, it takes the
                                     option: MongoDB may have been lost`;

const commands: Record<string, (settings: Settings) => Promise<boolean>> = {
  status: async (settings) => {
    await using progress = await openProgress(settings);
    const [pending, letters] = [await progress.read(), await readDeadLetters(settings)];
    console.log(`outbox      ${unpublished(pending)} rows not yet published`);
    for (const [sink, { lag }] of pending.sinks) {
      const dead = letters.filter((letter) => letter.sink === sink).length;
      console.log(`${sink.padEnd(11)} lag ${lag}, dead letters ${dead}`);
    }
    return true;
  },

  verify: async (settings) => {
    await waitUntilCaughtUp(settings).catch((error: unknown) => {
      throw new Error(`there is nothing to compare yet: ${reasonOf(error)}`);
    });
    const letters = await readDeadLetters(settings);
    for (const letter of letters) console.log(`dead letter  ${nameOf(letter)}: ${letter.reason}`);
    return await verify(rooms, settings, console.log);
  },

  redrive: async (settings) => {
    const { values } = parseArgs({
      args: process.argv.slice(3),
      options: { sink: { type: 'string' }, event: { type: 'string' } },
    });
    const letters = (await readDeadLetters(settings)).filter(
      ({ sink, eventId }) => (values.sink ?? sink) === sink && (values.event ?? eventId) === eventId,
    );
    if (letters.length === 0) console.log('no dead letters');
    return await redriveAll(letters, settings);
  },

  sweep: async (settings) => {
    const { values } = parseArgs({
      args: process.argv.slice(3),
      options: { 'even-without-posts': { type: 'boolean' } },
    });
    let count = 0;
    await sweepUploads({
      ...{ rooms, settings, evenWithoutDocuments: values['even-without-posts'] ?? false },
      onRemoved: (ids) => {
        count += ids.length;
        for (const id of ids) console.log(`removed  ${id}`);
      },
    });
    console.log(`${count} ${count === 1 ? 'upload' : 'uploads'} removed`);
    return true;
  },
};

const [command = 'help', ...words] = process.argv.slice(2);
const asksForHelp = (word: string) => ['--help', '-h'].includes(word);
const run = words.some(asksForHelp) ? undefined : commands[command];
if (!run) {
  const isAsked = command === 'help' || [command, ...words].some(asksForHelp);
  console.log(isAsked ? help : `there is no command ${command}\n\n${help}`);
  process.exit(isAsked ? 0 : 2);
}
try {
  process.exitCode = (await run(readSettings())) ? 0 : 1;
} catch (error) {
  console.error(`${command}: ${reasonOf(error)}`);
  process.exitCode = 1;
}
// Drivers may keep sockets or timers for a while after they were closed.
process.exit();

async function readDeadLetters(settings: Settings): Promise<readonly DeadLetter[]> {
  const kafka = kafkaClient({ settings: settings.kafka, retries: 3 });
  const admin = kafka.admin();
  const view = createDeadLetterView(kafka, names.deadLetters);
  try {
    await admin.connect();
    await ensureTopics(admin, { names, topics: [], sinks: [] });
    return await view.read(admin, AbortSignal.timeout(30_000));
  } finally {
    await Promise.allSettled([view.close(), admin.disconnect()]);
  }
}

async function redriveAll(letters: readonly DeadLetter[], settings: Settings): Promise<boolean> {
  const concerned = new Set(letters.map(({ sink }) => sink));
  const sinks = activeSinks(rooms, settings);
  await using opened = openRooms(
    rooms.filter(({ name }) => concerned.has(name)),
    settings,
  );
  const producer = kafkaClient({ settings: settings.kafka, retries: 3 }).producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  let isAllApplied = true;
  for (const letter of letters) {
    try {
      const sink = opened.get(letter.sink)?.sink;
      const { consumes } = sinks.find(({ name }) => name === letter.sink) ?? {};
      if (!sink || !consumes) throw new Error(`${letter.sink} is no sink here, or switched off`);
      await redrive(letter, { sink, consumes, sender: producer, topic: names.deadLetters });
      console.log(`applied      ${nameOf(letter)}`);
    } catch (error) {
      isAllApplied = false;
      console.log(`still dead   ${nameOf(letter)}: ${reasonOf(error)}`);
    }
  }
  await producer.disconnect();
  return isAllApplied;
}

function nameOf({ sink, eventId, type, topic, partition, offset }: DeadLetter): string {
  return `${sink}  ${eventId ?? 'without id'}  ${type ?? 'no type'}  ${topic}/${partition}@${offset}`;
}
