import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../config.ts';
import { profilesByUser } from '../subgraphs/mongo/queries.ts';
import { peopleToFollow } from '../subgraphs/neo4j/proposals.ts';
import { moviesById, usersById } from '../subgraphs/postgres/queries.ts';
import { known, one } from './answers.ts';
import { askForFilms, namedFilms, namedFriends, shownFilms } from './homepage/films.ts';
import { askForPosts, shownFeed, shownTrends } from './homepage/posts.ts';
import { namedBy, titledBy } from './names.ts';
import type { Page } from './pages.ts';
import { type Stores, viewerOf } from './stores.ts';

const shownPeople = 5;

/** The homepage of Alice. */
export const homepage: Page = {
  name: 'homepage',
  title: 'The homepage (Alice)',
  query: readFileSync(join(root, 'schema', 'operations', 'homepage.graphql'), 'utf8'),
  viewer: { userId: 'u123', scopes: [] },
  byHand,
};

/**
 * The page as one would write it without a graph: the same queries, each begun as soon as what it needs is there, the titles of all
 * films that the page names in one query, and the names of all people in another.
 */
async function byHand(stores: Stores, token: string | undefined): Promise<object> {
  const viewer = viewerOf(stores, token);
  const posts = askForPosts(stores, viewer);
  const films = askForFilms(stores, viewer);
  const proposed = viewer.then(({ userId, blocks: hiddenIds = [] }) =>
    one(peopleToFollow(stores.neo4j, [{ userId, first: shownPeople, hiddenIds }])),
  );

  const titles = Promise.all([posts.found, films.lists]).then(async ([posts, lists]) => {
    const ids = [...posts.flatMap(({ movieId }) => movieId ?? []), ...namedFilms(lists)];
    return titledBy((await moviesById(stores.postgres, [...new Set(ids)])).map(known));
  });
  const names = Promise.all([viewer, posts.found, posts.likers, films.lists, proposed]).then(
    async ([{ userId }, posts, likers, lists, people]) => {
      const authors = posts.map(({ authorId }) => authorId);
      const others = people.flatMap(({ userId, mutualIds }) => [userId, ...mutualIds]);
      const ids = [userId, ...authors, ...likers, ...namedFriends(lists), ...others];
      return namedBy((await usersById(stores.postgres, [...new Set(ids)])).map(known));
    },
  );

  const [{ userId }, profile, people, allPosts, lists, posters, titled, named] = await Promise.all([
    viewer,
    viewer.then(({ userId }) => one(profilesByUser(stores.mongo, [userId]))),
    proposed,
    posts.all,
    films.lists,
    films.posters,
    titles,
    names,
  ]);
  const { leaderboard, ...ownFilms } = shownFilms(lists, posters, { titled, named });
  return {
    me: {
      ...{ ...named(userId), profile, feed: shownFeed(allPosts, { titled, named }), ...ownFilms },
      peopleToFollow: people.map(({ userId, score, mutualIds, sharedTags }) => ({
        ...{ score, mutuals: mutualIds.map(named), sharedTags, user: named(userId) },
      })),
    },
    trendingPosts: shownTrends(allPosts, { titled, named }),
    leaderboard,
  };
}
