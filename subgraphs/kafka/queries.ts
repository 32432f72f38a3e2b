import type { Admin } from 'kafkajs';
import { fetchLags } from '../../fanout/lags.ts';
import { topicsOf } from '../../fanout/message.ts';
import { names } from '../../fanout/names.ts';
import { fetchCommitted } from '../../fanout/offsets.ts';
import type { SinkInfo } from '../../gateway/room.ts';
import type { EventType } from '../../schema/events/index.ts';
import { commands } from './shell.ts';
import type { KafkaStore } from './store.ts';

/** A sink with how far it is. */
export interface SinkProgress extends SinkInfo {
  lag: number;
  deadLetters: number;
}

const progressOf = (sinks: readonly SinkInfo[]) => ({
  text: `${commands.describe(sinks.map(({ name }) => names.group(name)))}\n${commands.readAll(names.deadLetters)}`,
  isRead: true,
});

/** How far every sink is; the same for every key. */
export async function sinkProgress(store: KafkaStore, keys: readonly 'all'[]): Promise<SinkProgress[][]> {
  const progress = await store.call(progressOf(store.sinks), async (admin, signal) => {
    const [lags, letters] = await Promise.all([
      fetchLags(admin, store.sinks, names),
      store.deadLetters.read(admin, signal),
    ]);
    return store.sinks.map((sink) => ({
      ...sink,
      lag: lags.get(sink.name) ?? 0,
      deadLetters: letters.filter((letter) => letter.sink === sink.name).length,
    }));
  });
  return keys.map(() => progress);
}

/** An event and where it stands, as its source of truth knows it; what is not known yet is null. */
export interface EventPosition {
  id: string;
  type: string;
  topic: string | null;
  partition: number | null;
  offset: string | null;
}

export interface SinkState {
  name: string;
  status: 'PENDING' | 'APPLIED' | 'DEAD' | 'NOT_CONSUMED';
}

/**
 * What each sink has done with each of these events. An offset is committed past a dead letter as well, and after it was
 * written: so the offsets are read first and the dead letters then, lest one that dies in between look applied.
 */
export async function sinkStates(store: KafkaStore, events: readonly EventPosition[]): Promise<SinkState[][]> {
  const concerned = store.sinks.filter((sink) => events.some((event) => event.topic !== null && isFor(sink, event)));
  if (concerned.length === 0) return events.map((event) => store.sinks.map((sink) => stateBefore(sink, event)));

  return await store.call(progressOf(concerned), async (admin, signal) => {
    const committed = new Map(await Promise.all(concerned.map((sink) => committedOf(admin, sink))));
    const letters = await store.deadLetters.read(admin, signal);
    return events.map((event) =>
      store.sinks.map((sink): SinkState => {
        const { id, topic, partition, offset } = event;
        if (topic === null || partition === null || offset === null || !isFor(sink, event)) {
          return stateBefore(sink, event);
        }
        const isDead = letters.some((letter) => letter.sink === sink.name && letter.eventId === id);
        const next = committed.get(sink.name)?.get(topic)?.get(partition) ?? 0n;
        return { name: sink.name, status: isDead ? 'DEAD' : next > BigInt(offset) ? 'APPLIED' : 'PENDING' };
      }),
    );
  });
}

const isFor = ({ consumes }: SinkInfo, { type }: EventPosition) => consumes.includes(type as EventType);

/** The state of an event that is not published, or that is not for the sink. */
const stateBefore = (sink: SinkInfo, event: EventPosition): SinkState => ({
  name: sink.name,
  status: isFor(sink, event) ? 'PENDING' : 'NOT_CONSUMED',
});

async function committedOf(admin: Admin, { name, consumes }: SinkInfo) {
  const topics = topicsOf(consumes).map(names.topic);
  return [name, await fetchCommitted(admin, names.group(name), topics)] as const;
}
