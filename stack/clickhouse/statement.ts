/** One statement for the engine, made out of one HTTP request. */
export interface Statement {
  sql: string;
  format: string;
  database: string;
  /** Values for `{name:Type}` placeholders. */
  params: Record<string, unknown>;
}

/** URL parameters that are not settings of a query (https://clickhouse.com/docs/interfaces/http). */
const notSettings = new Set([
  ...['query', 'query_id', 'database', 'default_format', 'user', 'password', 'role', 'quota_key'],
  ...['session_id', 'session_timeout', 'session_check', 'wait_end_of_query', 'buffer_size'],
  ...['compress', 'decompress', 'enable_http_compression'],
  ...['send_progress_in_http_headers', 'http_headers_progress_interval_ms'],
]);

const formatClause = /\bFORMAT\s+(\w+)\s*$/i;

/**
 * Reads a request of ClickHouse's HTTP interface. The statement is the URL's `query`, with the body as its data; or, without
 * `query`, the body itself.
 */
export function readStatement(url: URLSearchParams, body: string): Statement {
  const query = url.get('query');
  const statement = (query || body).trim().replace(/;$/, '').trimEnd();
  const data = query && body ? `\n${body}` : '';
  return {
    sql: withSettings(statement, settingsOf(url)) + data,
    format: formatClause.exec(statement)?.[1] ?? url.get('default_format') ?? 'TabSeparated',
    database: url.get('database') || 'default',
    params: paramsOf(url, statement),
  };
}

function settingsOf(url: URLSearchParams): string[] {
  return [...url]
    .filter(([name]) => !notSettings.has(name) && !name.startsWith('param_'))
    .map(([name, value]) => `${name}=${literal(value)}`);
}

function literal(value: string): string {
  return /^-?\d+(\.\d+)?$/.test(value) ? value : `'${value.replace(/[\\']/g, '\\$&')}'`;
}

/** The engine takes settings in the statement itself: at its end, but before the data of an INSERT. */
function withSettings(statement: string, settings: string[]): string {
  if (settings.length === 0) return statement;
  const clause = `SETTINGS ${settings.join(', ')}`;
  if (/^INSERT\b/i.test(statement) && formatClause.test(statement)) {
    return statement.replace(formatClause, (format) => `${clause} ${format}`);
  }
  return /^(INSERT|SELECT|WITH|\()/i.test(statement) ? `${statement}\n${clause}` : statement;
}

function paramsOf(url: URLSearchParams, statement: string): Record<string, unknown> {
  const params = [...url].filter(([name]) => name.startsWith('param_'));
  return Object.fromEntries(
    params.map(([name, value]) => {
      const key = name.slice('param_'.length);
      const isArray = new RegExp(`\\{\\s*${key}\\s*:\\s*Array\\b`).test(statement);
      return [key, isArray ? readArray(value) : readScalar(value)];
    }),
  );
}

const escapes: Record<string, string> = { b: '\b', f: '\f', r: '\r', n: '\n', t: '\t', 0: '\0' };

const readBack = (value: string) => value.replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);

/** Parameters come escaped as in TabSeparated; the engine's binding escapes them once more, so they are read back first. */
function readScalar(value: string): string | null {
  return value === '\\N' ? null : readBack(value);
}

/** Reads `['a','it\'s',3,[NULL]]`: JSON but for the quotes and NULL. */
function readArray(value: string): unknown {
  const tokens = /'((?:\\.|[^'\\])*)'|\bNULL\b/gs;
  return JSON.parse(
    value.replace(tokens, (token, quoted?: string) =>
      quoted === undefined && token === 'NULL' ? 'null' : JSON.stringify(readBack(quoted ?? '')),
    ),
  );
}
