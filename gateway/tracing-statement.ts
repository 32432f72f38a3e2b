/** What a statement's text tells without asking anybody; each of few distinct forms. */
export interface StatementDigest {
  /** `db.query.summary`: the operations and what they are done to, in the statement's order; languages with a grammar. */
  summary?: string;
  /** `db.operation.name`, where the statement is one command. */
  operation?: string;
  /** `db.collection.name`, where there is but one. */
  collection?: string;
}

const longestSummary = 255;

/** Statements are few, but nothing promises it. */
const capacity = 1_000;
const known = new Map<string, StatementDigest>();

/**
 * Digests a statement of a store for its span's name, which must be of low cardinality (OpenTelemetry, Semantic conventions
 * for database client spans, "Name" and "Generating a summary of the query"). Never throws.
 */
export function digest(store: string, statement: string): StatementDigest {
  const key = `${store} ${statement}`;
  const before = known.get(key);
  if (before) return before;
  const made = (readers[store] ?? commandLine)(statement);
  if (known.size >= capacity) known.clear();
  known.set(key, made);
  return made;
}

const readers: Record<string, (statement: string) => StatementDigest> = {
  postgres: sql,
  cassandra: sql,
  clickhouse: sql,
  questdb: (text) => (text.startsWith('POST ') ? http(text) : sql(text)),
  neo4j: cypher,
  mongo: mongosh,
  elasticsearch: http,
  qdrant: http,
  embeddings: http,
  kafka,
  redis: (text) => ({ operation: text.match(/^\w+/)?.[0].toUpperCase() }),
  s3: (text) => ({ operation: text.match(/^aws s3(?:api)? (?<command>[\w-]+)/)?.groups?.command ?? firstWord(text) }),
};

const name = String.raw`(?:"[^"]+"|\x60[^\x60]+\x60|[\w$]+)`;
const sqlOperation = new RegExp(
  [
    String.raw`(?<!\b(?:FOR(?: NO KEY)?|DO) )\b(?<verb>SELECT|INSERT INTO|UPDATE|DELETE|TRUNCATE|(?:CREATE|ALTER|DROP) \w+)\b`,
    // What follows FROM or JOIN may be a function or a query.
    String.raw`\b(?:FROM|JOIN)\s+(?<source>${name}(?:\.${name})*)(?!\s*\(|[\w$."])`,
  ].join('|'),
  'gi',
);
const sqlTarget = new RegExp(
  String.raw`^\s+(?:IF (?:NOT )?EXISTS\s+)?(?:ONLY\s+)?(?<target>${name}(?:\.${name})*)`,
  'i',
);

/** SQL and CQL: `SELECT movies`, `DELETE outbox INSERT event_position`. */
function sql(text: string): StatementDigest {
  const plain = text.replace(/'(?:[^']|'')*'/g, "''").replace(/--.*$|\/\*.*?\*\//gm, ' ');
  const words: string[] = [];
  const targets = new Set<string>();
  const add = (quoted: string | undefined) => {
    const target = quoted?.replace(/["`]/g, '');
    if (!target || words.at(-1) === target) return;
    words.push(target);
    targets.add(target);
  };
  for (const { index, 0: found, groups = {} } of plain.matchAll(sqlOperation)) {
    if (groups.source) add(groups.source);
    if (!groups.verb) continue;
    const verb = groups.verb.toUpperCase().replace(/\s+INTO$/, '');
    words.push(verb);
    if (verb !== 'SELECT' && verb !== 'DELETE') add(sqlTarget.exec(plain.slice(index + found.length))?.groups?.target);
  }
  const [collection] = targets;
  return { summary: joined(words) ?? firstWord(plain), ...(targets.size === 1 && { collection }) };
}

/** Cypher: `UNWIND MATCH User WATCHED Movie`. */
function cypher(text: string): StatementDigest {
  const plain = text.replace(/'[^']*'|"[^"]*"/g, "''").replace(/\/\/.*$/gm, ' ');
  const found = plain.matchAll(/\b(?<clause>MATCH|MERGE|CREATE|DELETE|UNWIND|CALL)\b|[(|[]\w*:(?<label>\w+)/g);
  const words: string[] = [];
  for (const { groups = {} } of found) {
    const word = groups.clause ?? groups.label;
    if (word && words.at(-1) !== word) words.push(word);
  }
  return { summary: joined(words) ?? firstWord(plain) };
}

/** `db.posts.find({ … })`. */
function mongosh(text: string): StatementDigest {
  const { collection, operation } = /\bdb\.(?<collection>\w+)\.(?<operation>\w+)/.exec(text)?.groups ?? {};
  return operation ? { operation, collection } : { operation: firstWord(text) };
}

/** A request line, as Kibana's console takes it: `POST /movies/_search`. */
function http(text: string): StatementDigest {
  return { operation: /^[A-Z]+ [^\s?{]*/.exec(text)?.[0] ?? firstWord(text) };
}

/** `kafka-consumer-groups.sh --describe …`; to write to a topic is called `send`, as messaging calls it. */
function kafka(text: string): StatementDigest {
  const topic = /^kafka-console-producer\.sh .*--topic (?<topic>[\w.-]+)/.exec(text)?.groups?.topic;
  return topic ? { operation: 'send', collection: topic } : commandLine(text);
}

const commandLine = (text: string): StatementDigest => ({ operation: firstWord(text) });

const firstWord = (text: string) => /[\w.-]+/.exec(text)?.[0];

/** In one line; what is too long loses its last words. */
function joined(words: readonly string[]): string | undefined {
  const line = words.join(' ');
  if (line.length <= longestSummary) return line || undefined;
  return line.slice(0, line.lastIndexOf(' ', longestSummary));
}
