import type { Settings } from '../config.ts';
import { openProgress } from '../fanout/caught-up.ts';
import { activeSinks } from '../gateway/open.ts';
import { rooms } from '../subgraphs/index.ts';
import { placesOf } from './event-places.ts';
import { type Followed, lagsOf, rateOf } from './fanout-lags.ts';
import { aimMs, type FanoutFigures, fanoutRemarks, fanoutTables } from './fanout-tables.ts';
import { followOffsets } from './offset-track.ts';
import { startChild } from './processes/parent.ts';
import type { Stream, Written } from './processes/writer.ts';
import type { Section } from './section.ts';
import { median, percentile } from './statistics.ts';
import type { Stores } from './stores.ts';
import { repeatsFor, sizing } from './trial.ts';
import { untilApplied } from './until-applied.ts';

export interface FanoutSectionOptions {
  settings: Settings;
  stores: Pick<Stores, 'postgres' | 'mongo'>;
  rounds: number;
  tell(text: string): void;
}

const burstEvents = 5_000;
/** As much of each type as a platform has about as much of: far more is watched than written. Each sink consumes some of it. */
const quiet: readonly Stream[] = [
  { type: 'watch.recorded', perSecond: 2, atOnce: 1 },
  { type: 'playback.reported', perSecond: 1, atOnce: 1 },
  { type: 'post.changed', perSecond: 1, atOnce: 1 },
  { type: 'comment.added', perSecond: 1, atOnce: 1 },
];
const busy: readonly Stream[] = [
  { type: 'watch.recorded', perSecond: 120, atOnce: 10 },
  { type: 'playback.reported', perSecond: 60, atOnce: 1 },
  { type: 'post.changed', perSecond: 10, atOnce: 1 },
  { type: 'comment.added', perSecond: 10, atOnce: 1 },
];
/** The last one shows what the looking itself costs: it looks a fifth as often. */
const timetables = [
  { streams: quiet, seconds: 15, lookEveryMs: 5, most: 2 },
  { streams: busy, seconds: 20, lookEveryMs: 20, most: 3 },
  { streams: busy, seconds: 20, lookEveryMs: 100, most: 1 },
];

/** How long events take from their commit into every store that keeps them, and how many of them a second. */
export async function fanoutSection({ settings, stores, rounds, tell }: FanoutSectionOptions): Promise<Section> {
  const size = sizing(rounds);
  const repeats = repeatsFor(rounds);
  await using writer = await startChild<null>('writer.ts');
  await using progress = await openProgress(settings);
  const sinks = activeSinks(rooms, settings);
  const follow = async (lookEveryMs: number, write: () => Promise<Written[]>): Promise<Followed> => {
    await untilApplied(progress);
    const following = await followOffsets({ settings, sinks, lookEveryMs });
    const written = await write();
    await untilApplied(progress);
    const track = await following.stop();
    return { written, track, places: await placesOf(stores, settings, written) };
  };

  tell('warming up');
  await follow(20, () => writer.ask('schedule', { streams: busy, seconds: size(5) }));
  const rates: FanoutFigures['rates'] = [];
  for (const { streams, lookEveryMs, ...timetable } of timetables) {
    const perSecond = streams.reduce((sum, stream) => sum + stream.perSecond, 0);
    const seconds = size(timetable.seconds, 5);
    const runs: Followed[] = [];
    for (let left = Math.min(timetable.most, repeats); left > 0; left -= 1) {
      tell(`${perSecond} events a second, looked at every ${lookEveryMs} ms, ${left} to go`);
      runs.push(await follow(lookEveryMs, () => writer.ask('schedule', { streams, seconds })));
    }
    const late = runs.flatMap(({ written }) => written.map(({ committedMs, dueMs }) => committedMs - dueMs));
    rates.push({
      ...{ perSecond, streams, lookEveryMs, events: late.length, sinks: lagsOf(runs, sinks) },
      lateMs: { p50: percentile(late, 50), p99: percentile(late, 99) },
      gapMs: {
        median: median(runs.map(({ track }) => track.gapMs.median)),
        longest: Math.max(...runs.map(({ track }) => track.gapMs.longest)),
      },
    });
  }
  const bursts: Followed[] = [];
  for (let done = 1; done <= repeats; done += 1) {
    tell(`${size(burstEvents)} watches at once, ${done} of ${repeats}`);
    bursts.push(await follow(20, () => writer.ask('batch', { count: size(burstEvents) })));
  }
  const sustained = sinks
    .filter(({ consumes }) => consumes.includes('watch.recorded'))
    .map((sink) => {
      const of = bursts.map((run) => rateOf(run, sink));
      return { sink: sink.name, perSecond: median(of), of };
    });
  sustained.sort((a, b) => a.perSecond - b.perSecond);
  const figures = { rates, sustained, burst: { events: size(burstEvents), times: repeats }, aimMs };
  return {
    ...{ name: 'fan-out', title: 'The fan-out: from commit into every store', figures },
    tables: fanoutTables(figures),
    remarks: fanoutRemarks(figures),
  };
}
