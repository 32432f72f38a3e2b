import type { SinkLag } from './fanout-lags.ts';
import type { Stream } from './processes/writer.ts';
import type { Table } from './section.ts';
import { digits } from './text.ts';

export interface FanoutFigures {
  /** Lags by timetable, quiet first. */
  rates: {
    perSecond: number;
    streams: readonly Stream[];
    events: number;
    /** Of every sink, with the events that it consumes. */
    sinks: SinkLag[];
    /** By how much events were committed later than the timetable says. */
    lateMs: { p50: number; p99: number };
    /** How long after a look at the offsets the next one was due; and how finely the lags are known: what lay between two. */
    lookEveryMs: number;
    gapMs: { median: number; longest: number };
  }[];
  /** Watches that each sink which keeps them applied a second when many were written at once, slowest sink first. */
  sustained: { sink: string; perSecond: number; of: number[] }[];
  burst: { events: number; times: number };
  aimMs: number;
}

/** The 99th percentile of lag that is aimed at, in every sink. */
export const aimMs = 2_000;
const aimedAt = 200;

type Rate = FanoutFigures['rates'][number];

export const fanoutTables = ({ rates, sustained, burst }: FanoutFigures): Table[] => [
  ...rates.map(lagTable),
  {
    title: `${burst.events} watches written at once, ${burst.times} times: events a second`,
    columns: ['sink', 'a second (median)', 'lowest', 'highest'].map((title) => ({ title })),
    rows: sustained.map(({ sink, perSecond, of }) => [
      sink,
      ...[perSecond, Math.min(...of), Math.max(...of)].map(digits),
    ]),
  },
];

const lagTable = ({ perSecond, events, lookEveryMs, sinks }: Rate): Table => ({
  title: `Commit to applied at ${perSecond} events a second (${events} events, offsets looked at every ${lookEveryMs} ms; ms)`,
  columns: ['sink', 'its events', 'p50', 'p99', 'longest'].map((title) => ({ title })),
  rows: sinks.map(({ sink, events, p50, p99, longest }) => [sink, String(events), ...[p50, p99, longest].map(digits)]),
});

export function fanoutRemarks({ rates, sustained }: FanoutFigures): string[] {
  return [
    ...rates.map(
      ({ perSecond, streams, lookEveryMs, lateMs, gapMs }) =>
        `${perSecond} a second are ${streams.map(({ type, perSecond }) => `${perSecond} ${type}`).join(', ')}. Looking every ` +
        `${lookEveryMs} ms, there were ${digits(gapMs.median)} ms between two looks (longest ${digits(gapMs.longest)} ms): lags ` +
        `are too long by up to that. Commands had answered ${digits(lateMs.p50)} ms (p50) and ${digits(lateMs.p99)} ms (p99) ` +
        'after they were due.',
    ),
    ...rates
      .filter(({ perSecond }) => perSecond === aimedAt)
      .slice(0, 1)
      .map(aimRemark),
    `Sustained by all ${sustained.length} sinks of watches: ${digits(sustained[0]?.perSecond ?? Number.NaN)} a second, their writing ` +
      'included; the other sinks take no watches, and are not measured so.',
  ];
}

/** Says of each sink whether it reached the aim. */
export function aimRemark({ perSecond, sinks }: Pick<Rate, 'perSecond' | 'sinks'>): string {
  const told = (verb: string, some: readonly SinkLag[]) =>
    some.length === 0 ? [] : [`${verb} by ${some.map(({ sink, p99 }) => `${sink} ${digits(p99)} ms`).join(', ')}`];
  const reached = sinks.filter(({ p99 }) => p99 < aimMs);
  const missed = sinks.filter((sink) => !reached.includes(sink));
  const bySink = [...told('reached', reached), ...told('missed', missed)].join('; ');
  return `The aim at ${perSecond} a second is a p99 below ${aimMs} ms in every sink: ${bySink}.`;
}
