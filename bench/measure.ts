import { setTimeout as delay } from 'node:timers/promises';
import type { Settings } from '../config.ts';
import { openRooms } from '../gateway/open.ts';
import { StackError } from '../stack/errors.ts';
import type { Supervisor } from '../stack/supervisor.ts';
import { rooms } from '../subgraphs/index.ts';
import { describeEnvironment } from './environment.ts';
import { fanoutSection } from './fanout-section.ts';
import { fiftyMovies } from './fifty-movies.ts';
import { homepage } from './homepage.ts';
import { memorySection } from './memory-section.ts';
import { moviePage } from './movie-page.ts';
import type { Options, SectionName } from './options.ts';
import { homepageSection, listSection, moviePageSection } from './page-section.ts';
import type { Page } from './pages.ts';
import { installPeers } from './peers/install.ts';
import { show, tell } from './progress.ts';
import { writeReport } from './report.ts';
import type { Section } from './section.ts';
import { openSides } from './sides.ts';
import { startupSection } from './startup-section.ts';
import { type Stores, storesOf } from './stores.ts';
import { terminalText } from './text.ts';
import { writesSection } from './writes-section.ts';
import { xraySection } from './xray-section.ts';

/** What a part of the benchmark measures with. */
interface Bench {
  settings: Settings;
  options: Options;
  stores: Stores;
  /** Of the servers, where they are the benchmark's own. */
  supervisor: Supervisor | undefined;
  /** The folder with the compared packages; null where they cannot be had. */
  peers: string | null;
}

const answerWithinMs = 30_000;
const askAgainMs = 250;

type Part = (bench: Bench) => AsyncGenerator<Section>;

const parts: Record<SectionName, Part> = {
  async *page({ settings, stores, options: { rounds }, peers }) {
    await using sides = await openSides({ withHttp: true, peers });
    const optionsFor = ({ name }: Page) => ({
      sides,
      stores,
      rounds,
      tell: (text: string) => tell(`${name}: ${text}`),
    });
    yield await moviePageSection(moviePage, optionsFor(moviePage));
    yield memorySection(settings, sides);
    yield await homepageSection(homepage, optionsFor(homepage));
    yield await listSection(fiftyMovies, optionsFor(fiftyMovies));
  },
  async *writes({ settings, stores, options: { rounds } }) {
    await using sides = await openSides({ withHttp: false, peers: null });
    yield await writesSection({ sides, stores, settings, rounds, tell: (text) => tell(`record-watch: ${text}`) });
  },
  async *xray({ stores, options: { rounds } }) {
    // In production an X-ray is for those who may see it; here it shows that there is one.
    const token = await stores.sessions.create({ ...moviePage.viewer, scopes: [...moviePage.viewer.scopes, 'xray'] });
    yield await xraySection(token, rounds, (text) => tell(`X-ray, off: ${text}`));
  },
  async *fanout({ settings, stores, options: { rounds } }) {
    yield await fanoutSection({
      settings,
      stores,
      rounds,
      tell: (text) => tell(`fan-out: ${text}`),
    });
  },
  async *startup({ settings, supervisor, options: { rounds } }) {
    if (!supervisor) return show('Start-up is measured without --here only: it stops and starts the servers.');
    yield await startupSection({
      settings,
      supervisor,
      rounds,
      tell: (text) => tell(`start-up: ${text}`),
    });
  },
};

/**
 * Measures what the options ask for against the servers of these settings, tells it, and writes the report where one is wanted.
 * @param supervisor of these servers, where they are the benchmark's own
 * @throws StackError when a server does not answer: what it gives would be missing on one side only
 */
export async function measure(settings: Settings, options: Options, supervisor?: Supervisor): Promise<void> {
  const peers = options.only.includes('page') ? await installPeers() : null;
  await using opened = openRooms(rooms, settings);
  const stores = storesOf(opened);
  await requireStores(stores);

  const environment = describeEnvironment(settings, peers);
  const sections: Section[] = [];
  // In their standing order, since the last one stops the servers.
  for (const [name, part] of Object.entries(parts)) {
    if (!options.only.includes(name as SectionName)) continue;
    for await (const section of part({ settings, options, stores, supervisor, peers })) {
      show(terminalText(section));
      sections.push(section);
    }
  }
  if (options.report) show(`Written: ${await writeReport(options.report, environment, sections)}`);
}

/** A server on a busy machine may miss the first question. */
async function requireStores({ sessions, ...stores }: Stores): Promise<void> {
  const deadline = performance.now() + answerWithinMs;
  const answers = async (store: { ping(): Promise<void> }): Promise<boolean> => {
    for (;;) {
      try {
        await store.ping();
        return true;
      } catch {
        if (performance.now() > deadline) return false;
        await delay(askAgainMs);
      }
    }
  };
  const looks = Object.entries(stores).map(async ([name, store]) => ((await answers(store)) ? [] : [name]));
  const absent = (await Promise.all(looks)).flat();
  if (absent.length === 0) return;
  throw new StackError('NOT_REACHABLE', `${absent.join(', ')} cannot be reached: start the servers with npm start`);
}
