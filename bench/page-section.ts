import { askFirst, type Level, type LevelPlan, measurePage, requireSameAnswers } from './measure-page.ts';
import { levelTable, pageChart, pairsTable } from './page-tables.ts';
import { bodyOf, openSessions, type Page } from './pages.ts';
import type { Child } from './processes/parent.ts';
import type { Profile } from './profile.ts';
import type { Section } from './section.ts';
import { gatewaySide, handSides, type Server, type Sides } from './sides.ts';
import { median } from './statistics.ts';
import type { WatchedCall } from './store-use.ts';
import type { Stores } from './stores.ts';
import { type StoresAlone, sidesAlone, storesAloneOf, storesAloneTable } from './stores-alone-section.ts';
import { digits, percent, ratio } from './text.ts';
import { sizing } from './trial.ts';

export interface PageSectionOptions {
  sides: Sides;
  stores: Stores;
  rounds: number;
  tell(text: string): void;
}

export interface PageFigures {
  levels: Level[];
  /** How long the first page took, whose plan had to be made, by side. */
  firstMs: Record<string, number>;
  /** How many calls of the stores a page makes: both sides should ask for the same, and this shows whether they do. */
  storeCalls: { graph: number; hand: number };
  /** Of each store the median of a page's longest call, as the gateway sees it, slowest first. */
  longestCalls: { store: string; durationMs: number }[];
  /** Of StreamShop's gateway. */
  profile: Profile;
  storesAlone?: StoresAlone;
}

const watchedPages = 20;
const profiledPages = 150;
const shownPackages = 8;
const shownStores = 5;

/** The movie page on every side there is, with its stores alone. */
export async function moviePageSection(page: Page, options: PageSectionOptions): Promise<Section> {
  const { sides } = options;
  const measured = await measure(page, options, {
    ...everyGateway(sides),
    levels: [
      { connections: 1, operations: 10, beside: sidesAlone(sides.hand, page) },
      { connections: 8, operations: 80, every: 7 },
      { connections: 32, operations: 320, every: 10 },
    ],
  });
  const storesAlone = storesAloneOf(measured.rounds.get(1) ?? []);
  const section = sectionOf(page, { ...measured.figures, storesAlone });
  const slowest = storesAlone.stores[0];
  return {
    ...section,
    chart: pageChart(
      'The movie page: CPU time and median time, divided by those of the page by hand',
      section.figures.levels,
    ),
    tables: [...section.tables, pairsTable(section.figures.levels), storesAloneTable(storesAlone)],
    remarks: [
      ofCpu,
      ...section.remarks,
      `At 1 connection, the slowest store alone, ${slowest?.store}, takes ${digits(slowest?.p50 ?? Number.NaN)} ms; the page by hand takes ` +
        `${ratio(storesAlone.handToSlowest)} times that.`,
      `The stores’ parts one by one and HTTP once need ${digits(storesAlone.sumCpuMs)} ms of CPU, of which HTTP ` +
        `${digits(storesAlone.httpCpuMs)} ms; the page by hand needs ${ratio(storesAlone.handToSum)} times that sum.`,
    ],
  };
}

const ofCpu =
  'CPU is of the process that answers; all CPU adds the process of the subgraphs, where they are behind HTTP.';

/** The homepage on every side there is. */
export async function homepageSection(page: Page, options: PageSectionOptions): Promise<Section> {
  const measured = await measure(page, options, { ...everyGateway(options.sides), levels: fewerLevels });
  const section = sectionOf(page, measured.figures);
  return {
    ...section,
    tables: [...section.tables, pairsTable(section.figures.levels)],
    remarks: [ofCpu, ...section.remarks],
  };
}

/** The list of fifty films, beside the same by hand. */
export async function listSection(page: Page, options: PageSectionOptions): Promise<Section> {
  const measured = await measure(page, options, {
    gateways: [options.sides.graph],
    pairs: [],
    levels: fewerLevels,
  });
  return sectionOf(page, measured.figures);
}

/** For a page that is not to take as long as the movie page. */
const fewerLevels: LevelPlan[] = [
  { connections: 1, operations: 10, every: 2 },
  { connections: 8, operations: 80, every: 7 },
];

interface Plan {
  gateways: Server[];
  /** Compared with one another; every gateway is compared with the page by hand. */
  pairs: [string, string][];
  levels: LevelPlan[];
}

/** All gateways, and those that ask the same HTTP subgraphs beside one another. */
function everyGateway({ graph, overHttp }: Sides): Pick<Plan, 'gateways' | 'pairs'> {
  const others = overHttp.filter(({ name }) => name !== 'graph-http');
  return { gateways: [graph, ...overHttp], pairs: others.map(({ name }) => ['graph-http', name]) };
}

async function measure(
  page: Page,
  { sides: { graph, hand, load }, stores, rounds, tell }: PageSectionOptions,
  { gateways, pairs, levels }: Plan,
) {
  const size = sizing(rounds);
  const tokens = await openSessions(stores, page);
  const [token = ''] = tokens;
  const asked = { page, token, load };
  const sides = [...handSides(hand, page), ...gateways.map(gatewaySide)];
  const firstMs = await askFirst(sides, asked);
  await requireSameAnswers(sides, asked);
  const withHand = ['again', ...gateways.map(({ name }) => name)].map((name) => [name, 'hand'] as const);
  const measured = await measurePage({
    page,
    tokens,
    load,
    sides,
    compared: [...withHand, ...pairs],
    levels,
    rounds,
    tell,
  });

  tell('watching the stores');
  const ask = (url: string, operations: number) =>
    load.ask('run', { url, requests: [{ body: bodyOf(page), token }], connections: 1, operations });
  const callsOf = async (child: Child, url: string) => {
    await child.ask('watch');
    await ask(url, 1);
    return await child.ask<WatchedCall[]>('watched');
  };
  const { url } = graph.child.ready;
  const watched: WatchedCall[][] = [];
  for (let done = 0; done < size(watchedPages); done += 1) watched.push(await callsOf(graph.child, url));
  const byHand = await callsOf(hand.child, `${hand.child.ready.url}/${page.name}`);

  tell('profile');
  await graph.child.ask('profile');
  await ask(url, size(profiledPages));
  const figures: PageFigures = {
    levels: measured.levels,
    firstMs,
    storeCalls: { graph: watched.at(-1)?.length ?? 0, hand: byHand.length },
    longestCalls: longestCalls(watched),
    profile: await graph.child.ask<Profile>('profiled'),
  };
  return { figures, rounds: measured.rounds };
}

function longestCalls(pages: readonly (readonly WatchedCall[])[]): PageFigures['longestCalls'] {
  const stores = [...new Set(pages.flatMap((calls) => calls.map(({ store }) => store)))];
  const longestOf = (calls: readonly WatchedCall[], store: string) =>
    Math.max(0, ...calls.filter((call) => call.store === store).map(({ durationMs }) => durationMs));
  return stores
    .map((store) => ({ store, durationMs: median(pages.map((calls) => longestOf(calls, store))) }))
    .sort((a, b) => b.durationMs - a.durationMs);
}

function sectionOf({ name, title }: Page, figures: PageFigures) {
  const { levels, firstMs, storeCalls, longestCalls, profile } = figures;
  const packages = profile.packages.slice(0, shownPackages).map(({ name, share }) => `${name} ${percent(share)}`);
  const slowest = longestCalls
    .slice(0, shownStores)
    .map(({ store, durationMs }) => `${store} ${digits(durationMs)} ms`);
  const firsts = levels[0]?.sides.flatMap(({ name, title }) =>
    name === 'again' ? [] : [`${title} ${digits(firstMs[name] ?? Number.NaN)} ms`],
  );
  return {
    ...{ name, title, figures },
    tables: levels.map(levelTable),
    remarks: [
      `Where StreamShop’s gateway spends its CPU time: ${packages.join(', ')}.`,
      `Calls of the stores for a page: ${storeCalls.graph} through the graph, ${storeCalls.hand} by hand.`,
      `Longest of them, as the gateway sees them: ${slowest.join(', ')}.`,
      `The first page of all, with no plan and no connections yet: ${firsts?.join(', ')}.`,
    ],
  };
}
