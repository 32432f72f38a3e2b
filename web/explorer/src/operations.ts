import { placeholders } from './placeholders.ts';

/** One of the operations that the project promises to keep working. */
export interface Operation {
  /** The file's name without its ending, such as `movie-page`. */
  name: string;
  /** As it stands in the text, such as `MoviePage`. */
  operationName: string;
  query: string;
  /** JSON with comments, as the variables editor takes it. */
  variables: string;
}

const sources = import.meta.glob<string>('../../../schema/operations/**/*.graphql', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** Variables to begin with, by file and in the order of the tabs. An operation without an entry begins with `{}`, and the editor says what is missing. */
export const exampleVariables: Record<string, object> = {
  'movie-page': { id: 'm101' },
  homepage: { feedFirst: 10 },
  'record-watch': {
    input: {
      movieId: 'm102',
      action: 'PLAY',
      positionSeconds: 0,
      durationSeconds: 0,
      device: 'WEB',
      quality: 'HD',
      idempotencyKey: placeholders.uuid,
    },
  },
  event: { id: placeholders.eventId },
  login: { input: { email: 'alice@streamshop.example', password: 'demo-alice-1' } },
};

const notes: Record<string, string> = {
  [placeholders.uuid]: `// ${placeholders.uuid} becomes a fresh UUID at each run`,
  [placeholders.eventId]: `// ${placeholders.eventId} becomes the event of the last mutation`,
};

/** Those with variables first, in their order above: the page shows everything, a watch then has an event to follow. */
const order = Object.keys(exampleVariables);
const weightOf = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);

/** All files of `schema/operations`. */
export const operations: Operation[] = Object.entries(sources)
  .map(([path, query]) => {
    const name = /([^/]+)\.graphql$/.exec(path)?.[1] ?? path;
    const operationName = /^\s*(?:query|mutation|subscription)\s+(\w+)/m.exec(query)?.[1] ?? name;
    return { name, operationName, query: query.trim(), variables: variablesOf(name) };
  })
  .toSorted((a, b) => weightOf(a.name) - weightOf(b.name) || a.name.localeCompare(b.name));

function variablesOf(name: string): string {
  const json = JSON.stringify(exampleVariables[name] ?? {}, null, 2);
  const used = Object.entries(notes).filter(([placeholder]) => json.includes(placeholder));
  return [...used.map(([, note]) => note), json].join('\n');
}
