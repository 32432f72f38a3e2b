import type { Viewer } from '../gateway/request.ts';
import { fiftyMovies } from './fifty-movies.ts';
import { homepage } from './homepage.ts';
import { moviePage } from './movie-page.ts';
import type { Stores } from './stores.ts';

/** A page of the graph, and the same page written by hand. */
export interface Page {
  name: string;
  title: string;
  query: string;
  variables?: object;
  /** Who asks. */
  viewer: Viewer;
  /** Gives the `data` that the graph gives, without the graph. */
  byHand(stores: Stores, token: string | undefined): Promise<object>;
}

export const pages: readonly Page[] = [moviePage, homepage, fiftyMovies];

/** The request that asks for a page. */
export const bodyOf = ({ query, variables }: Page): string => JSON.stringify({ query, variables });

const sessions = 128;

/**
 * Opens sessions of the page's viewer, whose requests then differ: Hive Gateway makes one fetch of identical ones that are on their
 * way at the same time, which would measure another thing.
 * @returns their tokens, more than there are connections
 */
export const openSessions = (stores: Stores, { viewer }: Page): Promise<string[]> =>
  Promise.all(Array.from({ length: sessions }, () => stores.sessions.create(viewer)));
