import type { Settings } from '../config.ts';
import { importFolder, isImported, mostRatedFilm } from '../import/import.ts';
import { describeSummary } from '../import/summary.ts';
import { type DemoSize, isLoaded, loadDemo } from '../seed/load.ts';
import { loadLogins } from '../seed/logins.ts';

/** What a start fills a fresh data folder with. */
export interface DataLoad {
  title: string;
  /** Whether it was there when the start began. */
  isLoaded: boolean;
  load(onProgress: (text: string) => void): Promise<void>;
  /** The movie of the page that a start shows. */
  movieId(): Promise<string>;
  /** What there is to tell about it at the end. */
  notices: string[];
}

/** The demo data, which is generated. */
export const demoData = (settings: Settings, size: DemoSize): DataLoad => ({
  title: `the demo data (${size})`,
  isLoaded: isLoaded(settings),
  load: (onProgress) => loadDemo({ settings, size, onProgress }),
  movieId: async () => 'm101',
  notices: [],
});

/**
 * A folder in MovieLens format, and the demo's two logins: nobody in MovieLens has a password.
 * @throws StackError when it cannot be read
 */
export async function importedData(settings: Settings, folder: string): Promise<DataLoad> {
  const notices: string[] = [];
  return {
    title: folder,
    isLoaded: await isImported(settings, folder),
    async load(onProgress) {
      await loadLogins(settings);
      const onNotice = (text: string) => void notices.push(text);
      notices.push(...describeSummary(await importFolder({ settings, folder, onProgress, onNotice })));
    },
    movieId: async () => (await mostRatedFilm(settings, folder)) ?? 'm101',
    notices,
  };
}
