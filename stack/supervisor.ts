import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../config.ts';
import { requireFreeDisk } from './disk.ts';
import { StackError } from './errors.ts';
import { createKeeper, type Keeper, type StackEvent, type State } from './keeper.ts';
import { tryLock } from './lock.ts';
import { identify } from './proc.ts';
import { readRecord, removeRecord, writeRecord } from './record.ts';
import type { Process } from './server.ts';

export type { StackEvent, State } from './keeper.ts';

export interface SupervisorOptions {
  settings: Settings;
  /** Servers first, then the roles of the application. */
  processes: Process[];
  onEvent?(event: StackEvent): void;
  /** How much of the disk must be free at the start. */
  leastFreeBytes?: number;
}

export interface ProcessStatus {
  name: string;
  state: State;
  ports: number[];
  pid?: number;
  startedAt?: Date;
}

/** A signal that follows so soon is the same one. */
const sameSignalMs = 2_000;

/** Keeps a profile's processes running. */
export interface Supervisor {
  /** Starts the named processes side by side and resolves when all of them answer; rejects with the first that cannot. */
  start(...names: string[]): Promise<void>;
  startAll(): Promise<void>;
  stopOne(name: string): Promise<void>;
  /** Stops the roles, last started first, then all servers, and gives up the profile. */
  stop(): Promise<void>;
  readonly isStopping: boolean;
  status(): ProcessStatus[];
  /** For tests of failures: kill -9. Resolves when it is dead; it is then started again, which `start` waits for. */
  kill(name: string): Promise<void>;
  /** For tests of failures: the process and its descendants stand still, as in a long pause of a garbage collector. */
  pause(name: string): void;
  resume(name: string): void;
  /** At the first SIGINT, SIGTERM or SIGHUP stops everything, calls back, and ends this program; at the second kills at once. */
  stopOnSignal(onStopped?: () => void): void;
}

/**
 * Makes the supervisor of a profile.
 * @throws StackError ALREADY_RUNNING when another one has this profile, DISK_FULL
 */
export async function createSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const { settings, processes, onEvent = () => {}, leastFreeBytes } = options;
  const { home } = settings;
  requireFreeDisk(home, leastFreeBytes);
  const lock = await takeProfile(settings);
  const inTurn = limit(availableParallelism());
  const keepers = new Map(processes.map((each) => [each.name, createKeeper(each, { home, inTurn, onEvent })]));

  function keeperOf(name: string): Keeper {
    const keeper = keepers.get(name);
    if (!keeper) throw new StackError('USAGE', `there is no ${name}; there are: ${[...keepers.keys()].join(', ')}`);
    return keeper;
  }

  async function start(...names: string[]): Promise<void> {
    await Promise.all(names.map((name) => keeperOf(name).start()));
  }

  let stopping: Promise<void> | undefined;
  /** A signal and a failed start may both ask; both wait for the one stop. */
  const stop = () => {
    stopping ??= stopEverything();
    return stopping;
  };

  async function stopEverything(): Promise<void> {
    const all = [...keepers.values()];
    for (const role of all.filter(({ process }) => !process.dataFolder).reverse()) await role.stop();
    await Promise.all(all.map((keeper) => keeper.stop()));
    removeRecord(home, 'supervisor');
    lock[Symbol.dispose]();
  }

  return {
    start,
    startAll: () => start(...keepers.keys()),
    stopOne: (name) => keeperOf(name).stop(),
    stop,
    get isStopping() {
      return stopping !== undefined;
    },
    status: () =>
      [...keepers.values()].map(({ process, state, running }) => ({
        name: process.name,
        state,
        ports: process.ports,
        pid: running?.pid,
        startedAt: running?.startedAt,
      })),
    async kill(name) {
      const gone = keeperOf(name).running?.gone;
      keeperOf(name).signal('SIGKILL');
      await gone;
    },
    pause: (name) => keeperOf(name).signal('SIGSTOP', 'family'),
    resume: (name) => keeperOf(name).signal('SIGCONT', 'family'),
    stopOnSignal(onStopped) {
      let stoppingSince: number | undefined;
      const onSignal = () => {
        // One Ctrl-C arrives several times: from the terminal, and again from npm, which passes it on.
        if (stoppingSince !== undefined && Date.now() < stoppingSince + sameSignalMs) return;
        if (stoppingSince !== undefined) {
          for (const keeper of keepers.values()) if (keeper.running) keeper.signal('SIGKILL', 'family');
          process.exit(1);
        }
        stoppingSince = Date.now();
        void stop().then(() => {
          onStopped?.();
          process.exit(0);
        });
      };
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    },
  };
}

/** One supervisor for a profile's folder. Its record tells other programs whom to ask. */
async function takeProfile({ home, profile }: Settings): Promise<Disposable> {
  const lock = await tryLock(join(home, 'supervisor'));
  if (!lock) {
    const holder = readRecord(home, 'supervisor');
    throw new StackError(
      'ALREADY_RUNNING',
      `the ${profile} stack is already running${holder ? ` (pid ${holder.pid})` : ''}. See it: npm run stack -- status. Stop it: npm run stack -- stop`,
    );
  }
  const self = identify(process.pid);
  if (!self) throw new Error('this system has no /proc, which the supervisor reads');
  writeRecord(home, {
    ...self,
    name: 'supervisor',
    ports: [],
    startedAt: new Date().toISOString(),
    commandHash: '',
    stop: { signal: 'SIGTERM', graceSeconds: 90 },
  });
  return lock;
}

/** Lets only so many tasks run at once; the others wait in the order in which they came. */
function limit(slots: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = slots;
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
