import { resolve } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { readSettings, type Settings } from '../config.ts';
import { moviePageOperation } from '../gateway/server.ts';
import { bringUp } from './bring-up.ts';
import { type DataLoad, demoData, importedData } from './data.ts';
import { reasonOf, StackError } from './errors.ts';
import { serverNames } from './server.ts';
import { totalResidentBytes } from './status.ts';

const usage = `Usage: npm start -- [--without NAME,…] [--import FOLDER]

Starts every server, migrates, loads the demo data the first time, and serves the graph. Ctrl-C stops it all.

  --without NAME,…   leave servers out, such as neo4j,qdrant on a small machine; their fields then say so
  --import FOLDER    real data in MovieLens format instead of the demo data
  --size demo|bench|test  how much demo data a fresh data folder gets (demo)

HOST and PORT move the endpoint; config.ts lists the other settings.`;

const demoSizes = ['demo', 'bench', 'test'] as const;

/** The servers that carry every write. */
const indispensable = ['postgres', 'kafka'];

const demoLogins = [
  { email: 'alice@streamshop.example', password: 'demo-alice-1' },
  { email: 'bob@streamshop.example', password: 'demo-bob-2', note: 'scopes analytics, xray' },
];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      without: { type: 'string' },
      import: { type: 'string' },
      size: { type: 'string', default: 'demo' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return console.log(usage);
  const size = demoSizes.find((size) => size === values.size);
  if (!size) throw new StackError('USAGE', `--size is one of ${demoSizes.join(', ')}, not ${values.size}`);
  process.env.STREAMSHOP_WITHOUT = checkedNames(values.without ?? process.env.STREAMSHOP_WITHOUT ?? '');
  const settings = readSettings();
  const data = values.import ? await importedData(settings, folderOf(values.import)) : demoData(settings, size);
  const supervisor = await bringUp({ settings, data, onStopped: () => console.log('Everything is stopped.') });
  const movieId = await data.movieId();
  const tokens = await firstMoviePage(settings, movieId).catch(async (error: unknown) => {
    await supervisor.stop();
    throw error;
  });
  const seconds = (Date.now() - Number(process.env.STREAMSHOP_STARTED_AT ?? performance.timeOrigin)) / 1000;
  for (const notice of data.notices) console.log(notice);
  console.log(welcome({ settings, tokens, movieId }));
  console.log(limits({ data, seconds, residentBytes: totalResidentBytes(settings) }));
}

/** npm runs scripts in the project's folder; people name folders from where they are. */
const folderOf = (name: string) => resolve(process.env.INIT_CWD ?? process.cwd(), name);

function checkedNames(list: string): string {
  const names = list.split(',').filter(Boolean);
  const known = serverNames();
  const unknown = names.find((name) => !known.includes(name));
  if (unknown) throw new StackError('USAGE', `there is no server ${unknown}; there are ${known.join(', ')}`);
  const needed = names.find((name) => indispensable.includes(name));
  if (needed) throw new StackError('USAGE', `${indispensable.join(' and ')} carry every write and cannot be left out`);
  return names.join(',');
}

/** Asks for the page as both demo users, as a frontend would: what is printed afterwards has been seen to work. */
async function firstMoviePage(settings: Settings, id: string): Promise<(string | undefined)[]> {
  const tokens = await Promise.all(
    demoLogins.map(async ({ email, password }) => {
      const query = 'mutation ($input: LoginInput!) { login(input: $input) { token } }';
      const { data } = await post(settings, { query, variables: { input: { email, password } } });
      return (data?.login as { token: string } | null)?.token;
    }),
  );
  const { data, errors } = await post(settings, { query: moviePageOperation, variables: { id } }, tokens[0]);
  if (!data?.movie) throw new StackError('START_FAILED', `the movie page is not answered: ${JSON.stringify(errors)}`);
  const failed = new Set(errors?.map(({ message }) => message));
  for (const message of failed) console.log(styleText('yellow', `On the first movie page: ${message}`));
  return tokens;
}

async function post(settings: Settings, body: object, token?: string) {
  const response = await fetch(endpointOf(settings), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { data?: Record<string, unknown>; errors?: { message: string }[] };
}

const originOf = ({ gateway }: Settings) => `http://${gateway.host}:${gateway.port}`;
const endpointOf = (settings: Settings) => `${originOf(settings)}/graphql`;

interface Welcome {
  settings: Settings;
  tokens: (string | undefined)[];
  movieId: string;
}

function welcome({ settings, tokens, movieId }: Welcome): string {
  const logins = demoLogins.map(({ email, password, note }, i) => {
    const token = tokens[i] ? `\n    Authorization: Bearer ${tokens[i]}` : '';
    return `  ${email} / ${password}${note ? ` (${note})` : ''}${token}`;
  });
  return `
${styleText('bold', 'StreamShop answers at')} ${endpointOf(settings)}  (Apollo Sandbox in a browser)
${styleText('bold', 'Explore it at')} ${originOf(settings)}/explorer/  (offline, with the X-ray of every request)

${styleText('bold', 'Demo logins')}, each with a token for the header, good while it is used within the hour
${logins.join('\n')}

${styleText('bold', 'A query to paste')}, with variables {"id": "${movieId}"} and the first header above

${moviePageOperation.trim()}
`;
}

interface Figures {
  data: DataLoad;
  seconds: number;
  residentBytes: number;
}

function limits({ data: { isLoaded: isWarm }, seconds, residentBytes }: Figures): string {
  const limitSeconds = isWarm ? 75 : 600;
  const time = `${isWarm ? 'Warm' : 'First'} start to the first movie page: ${seconds.toFixed(0)} s (limit ${limitSeconds} s)`;
  const memory = `Resident memory: ${(residentBytes / 1e9).toFixed(2)} GB (limit 4.5 GB)`;
  return `${time}. ${memory}. Ctrl-C stops everything.`;
}

try {
  await main();
} catch (error) {
  const isUsage = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  console.error(error instanceof StackError || isUsage ? reasonOf(error) : error);
  process.exit(1);
}
