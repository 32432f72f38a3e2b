import type { Settings } from '../config.ts';
import { openProgress } from '../fanout/caught-up.ts';
import { names } from '../fanout/names.ts';
import { chunks } from '../gateway/batches.ts';
import type { EventRow } from '../gateway/event-place.ts';
import { activeSinks } from '../gateway/open.ts';
import { rooms } from '../subgraphs/index.ts';
import { eventsById } from '../subgraphs/postgres/queries.ts';
import { type Followed, lagsOf, rateOf, type SinkLag } from './fanout-lags.ts';
import { followOffsets } from './offset-track.ts';
import { startChild } from './processes/parent.ts';
import type { Timetable, Written } from './processes/writer.ts';
import type { Section, Table } from './section.ts';
import { median, percentile } from './statistics.ts';
import type { Stores } from './stores.ts';
import { digits } from './text.ts';
import { repeatsFor, sizing } from './trial.ts';
import { untilApplied } from './until-applied.ts';

export interface FanoutFigures {
  /** Lags at each rate of events, quiet first. */
  rates: {
    perSecond: number;
    events: number;
    sinks: SinkLag[];
    /** By how much events were committed later than the timetable says. */
    lateMs: { p50: number; p99: number };
    /** How finely the lags are known: between two looks at the offsets. */
    gapMs: { median: number; longest: number };
  }[];
  /** Events that each sink applied a second when many were written at once, slowest sink first. */
  sustained: { sink: string; perSecond: number; of: number[] }[];
  burst: { events: number; times: number };
  aimMs: number;
}

export interface FanoutSectionOptions {
  settings: Settings;
  stores: Pick<Stores, 'postgres'>;
  rounds: number;
  tell(text: string): void;
}

const aimMs = 2_000;
const burstEvents = 5_000;
const timetables = [
  { perSecond: 5, seconds: 15, perTransaction: 1, lookEveryMs: 2 },
  { perSecond: 200, seconds: 20, perTransaction: 10, lookEveryMs: 10 },
];

/** How long watches take from their commit into every store that keeps them, and how many of them a second. */
export async function fanoutSection({ settings, stores, rounds, tell }: FanoutSectionOptions): Promise<Section> {
  const size = sizing(rounds);
  const repeats = repeatsFor(rounds);
  await using writer = await startChild<null>('writer.ts');
  await using progress = await openProgress(settings);
  const sinks = activeSinks(rooms, settings)
    .filter(({ consumes }) => consumes.includes('watch.recorded'))
    .map(({ name }) => name);
  const follow = async (lookEveryMs: number, write: () => Promise<Written[]>): Promise<Followed> => {
    await untilApplied(progress);
    const following = await followOffsets({ settings, sinks, topic: names.topic('watch_events'), lookEveryMs });
    const written = await write();
    await untilApplied(progress);
    const track = await following.stop();
    return { written, track, places: await placesOf(stores, written) };
  };

  tell('warming up');
  await follow(10, () => writer.ask('batch', { count: size(1_000) }));
  const rates: FanoutFigures['rates'] = [];
  for (const { perSecond, seconds, perTransaction, lookEveryMs } of timetables) {
    const timetable: Timetable = { perSecond, seconds: size(seconds, 5), perTransaction };
    const runs: Followed[] = [];
    for (let done = 1; done <= repeats; done += 1) {
      tell(`${perSecond} events a second, ${done} of ${repeats}`);
      runs.push(await follow(lookEveryMs, () => writer.ask('schedule', timetable)));
    }
    const late = runs.flatMap(({ written }) => written.map(({ committedMs, dueMs }) => committedMs - dueMs));
    rates.push({
      perSecond,
      events: late.length,
      sinks: lagsOf(runs),
      lateMs: { p50: percentile(late, 50), p99: percentile(late, 99) },
      gapMs: {
        median: median(runs.map(({ track }) => track.gapMs.median)),
        longest: Math.max(...runs.map(({ track }) => track.gapMs.longest)),
      },
    });
  }
  const bursts: Followed[] = [];
  for (let done = 1; done <= repeats; done += 1) {
    tell(`${size(burstEvents)} events at once, ${done} of ${repeats}`);
    bursts.push(await follow(20, () => writer.ask('batch', { count: size(burstEvents) })));
  }
  const sustained = sinks.map((sink) => {
    const of = bursts.map((run) => rateOf(run, sink));
    return { sink, perSecond: median(of), of };
  });
  sustained.sort((a, b) => a.perSecond - b.perSecond);
  return sectionOf({ rates, sustained, burst: { events: size(burstEvents), times: repeats }, aimMs });
}

async function placesOf({ postgres }: Pick<Stores, 'postgres'>, written: readonly Written[]) {
  const places: (EventRow | null)[] = [];
  for (const chunk of chunks(written, 1_000)) {
    const ids = chunk.map(({ eventId }) => eventId);
    places.push(...(await eventsById(postgres, ids)));
  }
  return places;
}

function sectionOf(figures: FanoutFigures): Section {
  const { rates, sustained, burst } = figures;
  const busiest = rates.at(-1);
  const slowest = busiest?.sinks[0];
  const isReached = (slowest?.p99 ?? Number.POSITIVE_INFINITY) < aimMs;
  return {
    ...{ name: 'fan-out', title: 'The fan-out: from commit into every store', figures },
    tables: [
      ...rates.map(lagTable),
      {
        title: `${burst.events} watches written at once, ${burst.times} times: events a second`,
        columns: ['sink', 'a second (median)', 'lowest', 'highest'].map((title) => ({ title })),
        rows: sustained.map(({ sink, perSecond, of }) => [
          sink,
          ...[perSecond, Math.min(...of), Math.max(...of)].map(digits),
        ]),
      },
    ],
    remarks: [
      ...rates.map(
        ({ perSecond, lateMs, gapMs }) =>
          `At ${perSecond} a second: offsets were looked at every ${digits(gapMs.median)} ms (longest gap ` +
          `${digits(gapMs.longest)} ms), so lags are too long by up to that; events were committed ${digits(lateMs.p50)} ms ` +
          `(p50) and ${digits(lateMs.p99)} ms (p99) after they were due.`,
      ),
      `The aim at ${busiest?.perSecond} a second is a p99 below ${aimMs} ms in every sink: ${isReached ? 'reached' : 'missed'}; ` +
        `the slowest, ${slowest?.sink}, has ${digits(slowest?.p99 ?? Number.NaN)} ms.`,
      `Sustained, in all sinks: ${digits(sustained[0]?.perSecond ?? Number.NaN)} events a second, their writing included.`,
    ],
  };
}

const lagTable = ({ perSecond, events, sinks }: FanoutFigures['rates'][number]): Table => ({
  title: `Commit to applied at ${perSecond} watches a second (${events} watches; ms)`,
  columns: ['sink', 'p50', 'p99', 'longest'].map((title) => ({ title })),
  rows: sinks.map(({ sink, p50, p99, longest }) => [sink, ...[p50, p99, longest].map(digits)]),
});
