/** Counts the tags of one movie while tags.csv goes by. */
interface TagTable {
  tags: string[];
  /** By tag: users who gave it. */
  users: number[];
  /** By tag: the last of them. */
  lastUser: number[];
}

/** Tags of a movie in memory at most; at that many, half of them go. */
const mostCounted = 64;
/** Tags that a movie is given. */
const mostGiven = 10;

export interface TagCounts {
  add(row: { userId: number; movieId: number; tag: string }): void;
  /** The tags that most users gave the movie, most first, of equals the first by name. */
  top(movieId: number): string[];
}

/**
 * Counts how many users gave each movie each tag, in memory that is bounded by the number of movies: a movie that gets its
 * 64th tag loses the rarer half of them. So a count is exact for a movie of up to 63 different tags; beyond, a tag that
 * was dropped and comes again counts from one, which matters only among tags that hardly anybody gave.
 *
 * A user who repeats a tag counts once as long as the file is sorted by users, as MovieLens' is: only the last user of
 * each tag is remembered.
 */
export function createTagCounts(): TagCounts {
  const movies = new Map<number, TagTable>();
  return {
    add({ userId, movieId, tag }) {
      const table = movies.get(movieId) ?? { tags: [], users: [], lastUser: [] };
      movies.set(movieId, table);
      const at = table.tags.indexOf(tag);
      if (at === -1) {
        table.tags.push(tag);
        table.users.push(1);
        table.lastUser.push(userId);
        if (table.tags.length >= mostCounted) movies.set(movieId, halved(table));
      } else if (table.lastUser[at] !== userId) {
        table.users[at] = (table.users[at] ?? 0) + 1;
        table.lastUser[at] = userId;
      }
    },
    top(movieId) {
      const table = movies.get(movieId);
      if (!table) return [];
      return ranked(table)
        .slice(0, mostGiven)
        .map((at) => table.tags[at] ?? '');
    },
  };
}

/** Places in the table, of the tag of most users first. */
const ranked = ({ tags, users }: TagTable): number[] =>
  [...tags.keys()].sort((a, b) => (users[b] ?? 0) - (users[a] ?? 0) || ((tags[a] ?? '') < (tags[b] ?? '') ? -1 : 1));

function halved(table: TagTable): TagTable {
  const kept = ranked(table).slice(0, mostCounted / 2);
  const pick = <T>(column: readonly T[]) => kept.map((at) => column[at] as T);
  return { tags: pick(table.tags), users: pick(table.users), lastUser: pick(table.lastUser) };
}
