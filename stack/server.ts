import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, portOf, type ports, type Settings } from '../config.ts';
import { findJava, type JdkNeed } from './jdk.ts';

/** How to run a program. */
export interface Command {
  program: string;
  args: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** The unprivileged user to run it as, where the supervisor is root and the server refuses to be. */
  user?: { uid: number; gid: number };
}

/** Anything that the supervisor keeps running: a server, or a role of the application. */
export interface Process {
  name: string;
  /** All ports on which it listens; the first is the one that clients use. */
  ports: number[];
  /** Where its data lies. What has data is adopted after a crash of the supervisor; what has none is started afresh. */
  dataFolder?: string;
  /** The environment variable that names one running elsewhere. Then it is only checked, never started or stopped. */
  externalBy?: string;
  install?(): Promise<void>;
  prepare?(): Promise<void>;
  command(): Command | Promise<Command>;
  /** A real query through a real driver; throws until it is answered. */
  ready(): Promise<void>;
  readyWithinSeconds: number;
  stop: { signal: NodeJS.Signals; graceSeconds: number };
}

/** Where a server of one profile lives and what it may use. */
export interface Place {
  settings: Settings;
  /** Configuration and data of this server in this profile. */
  folder: string;
  /** The data itself, inside `folder`. */
  data: string;
  /** Jars and the like, shared by all profiles. */
  lib: string;
  port(name: keyof typeof ports): number;
  /** The `java` to run this server with. Throws a StackError when no JDK fits. */
  java(): string;
}

/** What a folder under `stack/` exports as `server`. */
export interface Server {
  name: string;
  /** The environment variable that points at such a server elsewhere. */
  urlVariable: string;
  jdk?: JdkNeed;
  ports(place: Place): number[];
  /** Fetches programs and libraries; called at every start, so it returns at once when all is there. */
  install?(place: Place): Promise<void>;
  /** Writes the configuration and, once, initialises the data folder. */
  prepare(place: Place): Promise<void>;
  command(place: Place): Command | Promise<Command>;
  ready(settings: Settings): Promise<void>;
  readyWithinSeconds: number;
  stop: { signal: NodeJS.Signals; graceSeconds: number };
}

/** The names of all servers: every folder of `stack/` with a `server.ts`. */
export const serverNames = (): string[] =>
  readdirSync(import.meta.dirname)
    .filter((name) => existsSync(join(import.meta.dirname, name, 'server.ts')))
    .sort();

/** Reads every `stack/NAME/server.ts`, in the order of their names. */
export async function discoverServers(): Promise<Server[]> {
  const modules: { server: Server }[] = await Promise.all(serverNames().map((name) => import(`./${name}/server.ts`)));
  return modules.map(({ server }) => server);
}

/** The servers that the settings ask for, as processes for the supervisor. Those in `settings.without` are left out. */
export async function serverProcesses(settings: Settings, env: NodeJS.ProcessEnv = process.env): Promise<Process[]> {
  const servers = await discoverServers();
  return servers.filter(({ name }) => !settings.without.has(name)).map((server) => asProcess(server, settings, env));
}

/** Binds a server to the place where this profile keeps it. */
export function asProcess(server: Server, settings: Settings, env: NodeJS.ProcessEnv = process.env): Process {
  const folder = join(settings.home, server.name);
  const place: Place = {
    settings,
    folder,
    data: join(folder, 'data'),
    lib: join(cacheFolder, 'lib', server.name),
    port: (name) => portOf(name, env),
    java: () => findJava(server.name, server.jdk ?? { atLeast: 17 }, { env }),
  };
  return {
    name: server.name,
    ports: server.ports(place),
    dataFolder: place.data,
    externalBy: env[server.urlVariable] ? server.urlVariable : undefined,
    install: async () => server.install?.(place),
    prepare: () => server.prepare(place),
    command: () => server.command(place),
    ready: () => server.ready(settings),
    readyWithinSeconds: server.readyWithinSeconds,
    stop: server.stop,
  };
}
