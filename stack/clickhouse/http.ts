/**
 * ClickHouse's HTTP interface on top of chdb, which is ClickHouse's engine as a library. So the ordinary @clickhouse/client
 * talks to it. Started by the supervisor as a program of its own: one process must hold the data folder.
 *
 * Beside the real server it lacks: users, sessions, the native protocol, the query cache, binary formats in inserts, progress
 * headers; and statements run one after another.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzip, gzip, zstdDecompress } from 'node:zlib';
import { type ChdbResult, Session } from 'chdb';
import { reasonOf } from '../errors.ts';
import { readStatement, type Statement } from './statement.ts';

const [dataFolder = '', port = '', configFile = ''] = process.argv.slice(2);

const session = new Session(dataFolder, { connectionArgs: [`--config-file=${configFile}`] });
const decoders: Record<string, (body: Buffer) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  zstd: promisify(zstdDecompress),
};
const compress = promisify(gzip);

let currentDatabase = 'default';
let lastTurn: Promise<unknown> = Promise.resolve();

/** Runs one statement at a time: the engine has one connection, and its `USE database` holds for all that follow. */
function run(statement: Statement): Promise<ChdbResult> {
  const turn = lastTurn.then(async () => {
    const { sql, format, database, params } = statement;
    if (database !== currentDatabase) {
      await session.queryAsync(`USE \`${database.replaceAll('`', '\\`')}\``);
      currentDatabase = database;
    }
    return Object.keys(params).length > 0
      ? session.queryBindAsync(sql, params, { format })
      : session.queryAsync(sql, { format });
  });
  lastTurn = turn.catch(() => {});
  return turn;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/ping') {
    response.end('Ok.\n');
    return;
  }
  response.setHeader('X-ClickHouse-Query-Id', url.searchParams.get('query_id') ?? randomUUID());
  response.setHeader('X-ClickHouse-Server-Display-Name', 'chdb');
  response.setHeader('X-ClickHouse-Timezone', 'UTC');
  try {
    const body = await buffer(request);
    const decode = decoders[request.headers['content-encoding'] ?? ''];
    const statement = readStatement(url.searchParams, (decode ? await decode(body) : body).toString());
    const result = await run(statement);
    response.setHeader('X-ClickHouse-Format', statement.format);
    response.setHeader('X-ClickHouse-Summary', summary(result));
    const rows = Buffer.from(result.bytes());
    const wantsGzip =
      url.searchParams.get('enable_http_compression') === '1' && /gzip/.test(request.headers['accept-encoding'] ?? '');
    if (wantsGzip && rows.length > 0) response.setHeader('Content-Encoding', 'gzip').end(await compress(rows));
    else response.end(rows);
  } catch (error) {
    refuse(response, reasonOf(error));
  }
}

function summary({ rowsRead, bytesRead, elapsed }: ChdbResult): string {
  const unknown = {
    written_rows: '0',
    written_bytes: '0',
    total_rows_to_read: '0',
    result_rows: '0',
    result_bytes: '0',
  };
  const elapsedNs = String(Math.round(elapsed * 1e9));
  return JSON.stringify({
    read_rows: String(rowsRead),
    read_bytes: String(bytesRead),
    ...unknown,
    elapsed_ns: elapsedNs,
  });
}

/** ClickHouse's own error codes that its HTTP interface does not answer with 500. */
const statuses: Record<string, number> = { 36: 400, 47: 404, 60: 404, 62: 400, 81: 404 };

/** Clients read the number and the name of an error out of `Code: N. DB::Exception: … (NAME)`. */
function refuse(response: ServerResponse, message: string): void {
  const code = /Code: (\d+)/.exec(message)?.[1];
  const text = code
    ? message.slice(message.indexOf('Code: '))
    : `Code: 1000. DB::Exception: ${message} (UNKNOWN_EXCEPTION)`;
  response.writeHead(statuses[code ?? ''] ?? 500, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'X-ClickHouse-Exception-Code': code ?? '1000',
  });
  response.end(`${text}\n`);
}

// Parameters travel in the URL, which may be as long as the real server takes it: `http_max_uri_size`, 1 MiB.
const http = createServer({ maxHeaderSize: 1 << 20 }, (request, response) => void answer(request, response));
http.keepAliveTimeout = 30_000;
http.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${port}, data in ${dataFolder}`));

async function stop(): Promise<void> {
  http.close();
  http.closeIdleConnections();
  await lastTurn;
  session.close();
  process.exit(0);
}

process.once('SIGTERM', () => void stop());
