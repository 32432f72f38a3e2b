import { measureRound, type Round, type Side } from './interleave.ts';
import { askFirst, requireSameAnswers } from './measure-page.ts';
import { moviePage } from './movie-page.ts';
import { bodyOf } from './pages.ts';
import { type Child, startChild } from './processes/parent.ts';
import type { Section } from './section.ts';
import { type Estimate, estimate, geometricMean } from './statistics.ts';
import { digits, fineRatio, percent } from './text.ts';
import { sizing } from './trial.ts';

export interface XrayOffFigures {
  pairs: number;
  /** CPU time of a movie page as the gateway is, nobody asking for an X-ray, divided by that without the observing code. */
  cpu: Estimate;
  /** The same of two gateways as they are: what lies in this interval is noise. */
  again: Estimate;
  /** CPU milliseconds of a page. */
  cpuMs: { asIs: number; compiledOut: number };
  aim: number;
}

const aim = 0.02;
const connections = 4;
const warmUpPages = 32;
/** Blocks of each pair, in turn: what slows the machine for a while slows both. */
const roundsOfPair = 4;
const pagesOfBlock = 12;

const register = new URL('./compiled-out/register.ts', import.meta.url).href;
const kinds = [
  { name: 'asIs', title: 'as it is', imports: [] },
  { name: 'again', title: 'as it is, again', imports: [] },
  { name: 'compiledOut', title: 'observing code compiled out', imports: [register] },
];

/**
 * What the code that observes requests costs while nobody asks for an X-ray and no trace is exported: pairs of new gateway
 * processes, as it is and without that code, on the movie page. A third one, as it is, gives the A/A spread. The metrics are
 * not that code: they are always on, and both sides have them.
 */
export async function xraySection(token: string, pairs: number, tell: (text: string) => void): Promise<Section> {
  await using load = await startChild<null>('load.ts');
  const measured: Round[][] = [];
  for (let done = 1; done <= pairs; done += 1) {
    tell(`pair ${done} of ${pairs}`);
    measured.push(await measurePair(load, token, sizing(pairs)));
  }
  const cpuOf = (rounds: readonly Round[], name: string) =>
    geometricMean(rounds.map((round) => round[name]?.cpuMs ?? Number.NaN));
  const dividedBy = (over: string, under: string) =>
    estimate(measured, (some) => geometricMean(some.map((rounds) => cpuOf(rounds, over) / cpuOf(rounds, under))));
  const figures: XrayOffFigures = {
    pairs,
    cpu: dividedBy('asIs', 'compiledOut'),
    again: dividedBy('again', 'asIs'),
    cpuMs: { asIs: cpuOf(measured.flat(), 'asIs'), compiledOut: cpuOf(measured.flat(), 'compiledOut') },
    aim,
  };
  return sectionOf(figures);
}

async function measurePair(load: Child, token: string, size: ReturnType<typeof sizing>): Promise<Round[]> {
  await using started = new AsyncDisposableStack();
  const sides = await Promise.all(
    kinds.map(async ({ name, title, imports }): Promise<Side> => {
      const server = started.use(await startChild<{ url: string }>('gateway.ts', { env: { PORT: '0' }, imports }));
      return { name, title, url: server.ready.url, server };
    }),
  );
  const asked = { page: moviePage, token, load };
  await askFirst(sides, asked);
  await requireSameAnswers(sides, asked);
  await requireXray(sides, token);

  const requests = [{ body: bodyOf(moviePage), token }];
  const options = { load, requestsOf: () => requests, connections };
  await measureRound(sides, { ...options, operations: size(warmUpPages) });
  const rounds: Round[] = [];
  for (let round = 0; round < roundsOfPair; round += 1) {
    rounds.push(await measureRound(sides, { ...options, operations: size(pagesOfBlock) }));
  }
  return rounds;
}

/** @throws Error when a gateway that should observe does not, or the other way round: then nothing would be measured */
async function requireXray(sides: readonly Side[], token: string): Promise<void> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'x-streamshop-xray': '1' };
  for (const { name, title, url } of sides) {
    const response = await fetch(url, { method: 'POST', headers, body: bodyOf(moviePage) });
    const { extensions } = (await response.json()) as { extensions?: { xray?: object } };
    const observes = extensions?.xray !== undefined;
    if (observes === (name === 'compiledOut'))
      throw new Error(`the gateway ${title} ${observes ? 'observes' : 'does not observe'}`);
  }
}

function sectionOf(figures: XrayOffFigures): Section {
  const { pairs, cpu, again, cpuMs } = figures;
  const cost = (value: number) => percent(value - 1);
  return {
    ...{ name: 'xray-off', title: 'X-ray, off', figures },
    tables: [
      {
        title: `CPU of the gateway’s process for a movie page, ${connections} at once, over ${pairs} pairs of processes`,
        columns: ['', 'ms', 'ratio (95 %)'].map((title) => ({ title })),
        rows: [
          ['as it is ÷ compiled out', `${digits(cpuMs.asIs)} ÷ ${digits(cpuMs.compiledOut)}`, fineRatio(cpu)],
          ['as it is ÷ as it is (A/A)', '', fineRatio(again)],
        ],
      },
    ],
    remarks: [
      'Compiled out are the X-ray, the spans, and what the seam knows for them: the statement, its values, and the fetch that it is ' +
        'for. Both sides keep the metrics, the deadline and the breaker; README.md says what else is left.',
      `Off, it costs ${cost(cpu.value)} of CPU, between ${cost(cpu.low)} and ${cost(cpu.high)} with 95 % confidence; the aim is ` +
        `less than ${percent(aim)}: ${verdict(figures)}.`,
    ],
  };
}

/** What the intervals say of the aim: nothing, where a gateway differs by as much from itself. */
export function verdict({ cpu, again }: Pick<XrayOffFigures, 'cpu' | 'again'>): string {
  const isNoisy = again.low < 1 - aim || again.high > 1 + aim;
  if (cpu.high < 1 + aim && !isNoisy) return 'reached';
  return cpu.low > 1 + aim && !isNoisy ? 'missed' : 'the spread is too wide to tell';
}
