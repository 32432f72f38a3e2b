import { join } from 'node:path';

/** Every setting of StreamShop, read once from the environment; each has a default that works on a developer's machine. */
export interface Settings {
  /** Which set of servers and data: `dev` for `npm start`, `test` for `npm test`. STREAMSHOP_PROFILE. */
  profile: string;
  /** Folder that holds this profile's server data, logs and pid files. */
  home: string;
  /** Stores (and their servers) that are switched off. STREAMSHOP_WITHOUT=cassandra,s3 */
  without: ReadonlySet<string>;
  /** Whether strangers are about, so that insights are only for those with the scope for them. NODE_ENV=production */
  isProduction: boolean;
  gateway: {
    host: string;
    port: number;
    requestTimeoutMs: number;
    readAfterTimeoutMs: number;
    /** Read again when it changes. */
    supergraphFile: string;
  };
  subgraphs: {
    /** Those that run behind HTTP instead of in the gateway's process, by name. SUBGRAPH_POSTGRES_URL=http://… */
    urls: ReadonlyMap<string, string>;
    /** By which a subgraph knows the gateway. Null: a random one that is kept in `home`. */
    secret: string | null;
    /** The longest that one fetch may take. */
    timeoutMs: number;
  };
  /** Whoever scrapes /metrics must show it, as a bearer token; null: everybody may, but in production nobody. METRICS_TOKEN */
  metricsToken: string | null;
  /** Where the workers tell their metrics; the gateway tells its own under /metrics. */
  workers: { host: string; port: number };
  postgres: { url: string; poolSize: number; timeoutMs: number };
  redis: { url: string; timeoutMs: number };
  kafka: { brokers: string[]; timeoutMs: number };
  cassandra: { contactPoint: string; datacenter: string; keyspace: string; timeoutMs: number };
  clickhouse: { url: string; database: string; timeoutMs: number };
  s3: {
    endpoint: string;
    region: string;
    accessKeyId: string;
    secretAccessKey: string;
    mediaBucket: string;
    lakeBucket: string;
    timeoutMs: number;
  };
  mongo: { url: string; timeoutMs: number };
  neo4j: { url: string; user: string; password: string; timeoutMs: number };
  elasticsearch: { url: string; timeoutMs: number };
  qdrant: { url: string; timeoutMs: number };
  questdb: {
    /** Where rows are read, by Postgres' wire protocol. */
    url: string;
    /** Where rows are written, by InfluxDB line protocol over HTTP. */
    ingestUrl: string;
    timeoutMs: number;
  };
  /** Who turns text into vectors. Without a URL: all-MiniLM-L6-v2, in process. */
  embeddings: {
    /** An OpenAI-compatible API, such as `https://api.example.com/v1`. */
    url: string | null;
    model: string;
    apiKey: string | null;
    /** Folder of the model that runs in process. */
    modelFolder: string;
    timeoutMs: number;
  };
  logLevel: string;
}

/** Where the project's own caches and data live, beside package.json. */
export const root = import.meta.dirname;
export const cacheFolder = join(root, '.streamshop');

/** Native servers listen on these ports, plus the profile's offset, so that `npm test` can run beside `npm start`. */
export const ports = {
  gateway: 4000,
  postgres: 15432,
  redis: 16379,
  kafka: 19092,
  kafkaController: 19093,
  cassandra: 19042,
  cassandraStorage: 17000,
  clickhouse: 18123,
  s3: 19000,
  mongo: 17017,
  neo4j: 17687,
  elasticsearch: 19200,
  elasticsearchTransport: 19300,
  qdrant: 16333,
  questdb: 18812,
  questdbHttp: 19003,
  workers: 4090,
  /** The first of the subgraphs that run alone; see `subgraphPort`. */
  subgraphs: 4100,
} as const;
const profileOffsets: Record<string, number> = { dev: 0, test: 200, bench: 800, 'bench-large': 800 };

/** The port on which a native server of this profile listens. STREAMSHOP_PORT_OFFSET overrides the profile's offset. */
export function portOf(name: keyof typeof ports, env: NodeJS.ProcessEnv = process.env): number {
  const offset = Number(env.STREAMSHOP_PORT_OFFSET ?? profileOffsets[env.STREAMSHOP_PROFILE ?? 'dev'] ?? 0);
  return ports[name] + offset;
}

/**
 * Reads the settings from the environment. A URL given there (POSTGRES_URL, REDIS_URL, …) also tells `stack/` not to
 * start that server natively.
 * @throws Error naming the variable, when a number is not one
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const number = (name: string, fallback: number) => {
    const value = Number(env[name] ?? fallback);
    if (!Number.isFinite(value)) throw new Error(`${name} must be a number, not "${env[name]}"`);
    return value;
  };
  const profile = env.STREAMSHOP_PROFILE ?? 'dev';
  return {
    profile,
    home: env.STREAMSHOP_HOME ?? join(cacheFolder, profile),
    without: new Set((env.STREAMSHOP_WITHOUT ?? '').split(',').filter(Boolean)),
    isProduction: env.NODE_ENV === 'production',
    gateway: {
      host: env.HOST ?? '127.0.0.1',
      port: number('PORT', portOf('gateway', env)),
      requestTimeoutMs: number('REQUEST_TIMEOUT_MS', 10_000),
      readAfterTimeoutMs: number('READ_AFTER_TIMEOUT_MS', 5_000),
      supergraphFile: env.SUPERGRAPH_FILE ?? join(root, 'schema', 'supergraph.graphql'),
    },
    subgraphs: {
      urls: subgraphUrls(env),
      secret: env.SUBGRAPH_SECRET ?? null,
      timeoutMs: number('SUBGRAPH_TIMEOUT_MS', 8_000),
    },
    metricsToken: env.METRICS_TOKEN ?? null,
    workers: { host: env.HOST ?? '127.0.0.1', port: number('WORKERS_PORT', portOf('workers', env)) },
    postgres: {
      url: env.POSTGRES_URL ?? `postgresql://streamshop:streamshop@127.0.0.1:${portOf('postgres', env)}/streamshop`,
      poolSize: number('POSTGRES_POOL_SIZE', 10),
      timeoutMs: number('POSTGRES_TIMEOUT_MS', 3_000),
    },
    redis: {
      url: env.REDIS_URL ?? `redis://127.0.0.1:${portOf('redis', env)}`,
      timeoutMs: number('REDIS_TIMEOUT_MS', 1_000),
    },
    kafka: {
      brokers: (env.KAFKA_BROKERS ?? `127.0.0.1:${portOf('kafka', env)}`).split(','),
      timeoutMs: number('KAFKA_TIMEOUT_MS', 3_000),
    },
    cassandra: {
      contactPoint: env.CASSANDRA_CONTACT_POINT ?? `127.0.0.1:${portOf('cassandra', env)}`,
      datacenter: env.CASSANDRA_DATACENTER ?? 'datacenter1',
      keyspace: env.CASSANDRA_KEYSPACE ?? 'streamshop',
      timeoutMs: number('CASSANDRA_TIMEOUT_MS', 3_000),
    },
    clickhouse: {
      url: env.CLICKHOUSE_URL ?? `http://127.0.0.1:${portOf('clickhouse', env)}`,
      database: env.CLICKHOUSE_DATABASE ?? 'streamshop',
      timeoutMs: number('CLICKHOUSE_TIMEOUT_MS', 5_000),
    },
    s3: {
      endpoint: env.S3_ENDPOINT ?? `http://127.0.0.1:${portOf('s3', env)}`,
      region: env.S3_REGION ?? 'us-east-1',
      accessKeyId: env.S3_ACCESS_KEY_ID ?? 'streamshop',
      secretAccessKey: env.S3_SECRET_ACCESS_KEY ?? 'streamshop-local',
      mediaBucket: env.S3_MEDIA_BUCKET ?? 'streamshop-media',
      lakeBucket: env.S3_LAKE_BUCKET ?? 'streamshop-lake',
      timeoutMs: number('S3_TIMEOUT_MS', 3_000),
    },
    mongo: {
      url: env.MONGO_URL ?? `mongodb://127.0.0.1:${portOf('mongo', env)}/streamshop`,
      timeoutMs: number('MONGO_TIMEOUT_MS', 3_000),
    },
    neo4j: {
      url: env.NEO4J_URL ?? `bolt://127.0.0.1:${portOf('neo4j', env)}`,
      user: env.NEO4J_USER ?? 'neo4j',
      password: env.NEO4J_PASSWORD ?? '',
      timeoutMs: number('NEO4J_TIMEOUT_MS', 5_000),
    },
    elasticsearch: {
      url: env.ELASTICSEARCH_URL ?? `http://127.0.0.1:${portOf('elasticsearch', env)}`,
      timeoutMs: number('ELASTICSEARCH_TIMEOUT_MS', 5_000),
    },
    qdrant: {
      url: env.QDRANT_URL ?? `http://127.0.0.1:${portOf('qdrant', env)}`,
      timeoutMs: number('QDRANT_TIMEOUT_MS', 3_000),
    },
    questdb: {
      url: env.QUESTDB_URL ?? `postgresql://admin:quest@127.0.0.1:${portOf('questdb', env)}/qdb`,
      ingestUrl: env.QUESTDB_INGEST_URL ?? `http://127.0.0.1:${portOf('questdbHttp', env)}`,
      timeoutMs: number('QUESTDB_TIMEOUT_MS', 3_000),
    },
    embeddings: {
      url: env.EMBEDDINGS_URL ?? null,
      model: env.EMBEDDINGS_MODEL ?? 'all-MiniLM-L6-v2',
      apiKey: env.EMBEDDINGS_API_KEY ?? null,
      modelFolder: env.EMBEDDINGS_MODEL_FOLDER ?? join(cacheFolder, 'lib', 'minilm'),
      timeoutMs: number('EMBEDDINGS_TIMEOUT_MS', 10_000),
    },
    logLevel: env.LOG_LEVEL ?? 'info',
  };
}

/** @throws Error naming the variable, when a URL is not one of HTTP, or names a user */
function subgraphUrls(env: NodeJS.ProcessEnv): Map<string, string> {
  const urls = new Map<string, string>();
  for (const [variable, url = ''] of Object.entries(env)) {
    const name = /^SUBGRAPH_(?<name>\w+)_URL$/.exec(variable)?.groups?.name?.toLowerCase();
    if (!name) continue;
    // Without the value: whoever mistypes a URL may have a password in it.
    const { protocol, username, password } = URL.parse(url) ?? {};
    if (!/^https?:$/.test(protocol ?? ''))
      throw new Error(`${variable} must be a URL, such as http://127.0.0.1:4101/graphql`);
    if (username || password)
      throw new Error(
        `${variable} must have no user and password: SUBGRAPH_SECRET is how a subgraph knows the gateway`,
      );
    urls.set(name, url);
  }
  return urls;
}
