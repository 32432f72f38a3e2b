import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf, StackError } from './errors.ts';
import { explainDeath, explainTimeout, explainUnreachable } from './explain.ts';
import { adopt, end, hashOf, launch, type Running } from './launch.ts';
import { logFileOf } from './log.ts';
import { requireFreePorts } from './port.ts';
import { family, send } from './proc.ts';
import { readLastRecord, readRecord, removeRecord } from './record.ts';
import type { Process } from './server.ts';

export type State = 'stopped' | 'installing' | 'waiting' | 'preparing' | 'starting' | 'ready' | 'restarting' | 'failed';

/** Something happened to a process. */
export interface StackEvent {
  name: string;
  state: State;
  /** Since the start of this process was asked for, or, after a death, since that. */
  seconds: number;
  /** `adopted`, `elsewhere (POSTGRES_URL)`, why it died, … */
  detail?: string;
  error?: StackError;
}

/** Keeps one process running. */
export interface Keeper {
  readonly process: Process;
  readonly state: State;
  readonly running: Running | undefined;
  /** Resolves when it answers. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Sends a signal to the process itself, or to it and all its descendants. */
  signal(signal: NodeJS.Signals, scope?: 'family'): void;
}

interface Surroundings {
  home: string;
  /** Limits how many processes start at once. */
  inTurn<T>(task: () => Promise<T>): Promise<T>;
  onEvent(event: StackEvent): void;
}

/** After this many deaths in quick succession the process is given up. */
const quickDeathsAllowed = 5;
/** A process that has been ready for so long has not died quickly. */
const settledAfterMs = 60_000;
const firstPauseMs = 250;
/** One readiness query may take so long before it counts as failed. */
const probeTimeoutMs = 10_000;
/** A process left behind by an earlier supervisor gets so long to answer before it is replaced. */
const adoptWithinMs = 20_000;
/** A server elsewhere is expected to be up: so long, for one that is just starting, and no longer. */
const externalWithinMs = 10_000;

/** Makes the keeper of one process. It does nothing until `start`. */
export function createKeeper(process_: Process, { home, inTurn, onEvent }: Surroundings): Keeper {
  const { name } = process_;
  let state: State = 'stopped';
  let running: Running | undefined;
  let askedAt = Date.now();
  let quickDeaths = 0;
  let cancel = new AbortController();
  let starting: Promise<void> = Promise.resolve();

  function enter(next: State, more: Pick<StackEvent, 'detail' | 'error'> = {}): void {
    state = next;
    onEvent({ name, state, seconds: (Date.now() - askedAt) / 1000, ...more });
  }

  async function start(): Promise<void> {
    if (state !== 'stopped' && state !== 'failed') return starting;
    askedAt = Date.now();
    quickDeaths = 0;
    cancel = new AbortController();
    starting = bringUp().catch((error: unknown) => {
      if (cancel.signal.aborted) throw new StackError('STOPPING', `${name} was stopped while it started`);
      enter('failed', error instanceof StackError ? { error } : { detail: reasonOf(error) });
      throw error;
    });
    return starting;
  }

  async function bringUp(): Promise<void> {
    if (process_.externalBy) {
      enter('starting', { detail: `elsewhere (${process_.externalBy})` });
      await untilReady(externalWithinMs);
      enter('ready', { detail: `elsewhere (${process_.externalBy})` });
      return;
    }
    enter('installing');
    await process_.install?.();
    enter('waiting');
    await inTurn(async () => {
      cancel.signal.throwIfAborted();
      if (await takeOver()) enter('ready', { detail: 'adopted' });
      else await startAfresh();
    });
  }

  /** Goes on with a healthy server that an earlier supervisor left behind; ends what is left of anything else. */
  async function takeOver(): Promise<boolean> {
    const left = readRecord(home, name);
    if (!left) return false;
    // A role of the application has no data, starts quickly, and its code may have changed.
    if (process_.dataFolder && left.commandHash === (await hashOf(process_))) {
      const mine = adopt(left);
      running = mine;
      try {
        await Promise.race([untilReady(adoptWithinMs), mine.gone.then(() => Promise.reject(new Error('it is gone')))]);
        watch(mine);
        return true;
      } catch {
        cancel.signal.throwIfAborted();
      }
    }
    await end(left, left.stop);
    running = undefined;
    return false;
  }

  async function startAfresh(): Promise<void> {
    await requireFreePorts(name, process_.ports);
    const hadData = isFilled(process_.dataFolder);
    enter('preparing');
    await process_.prepare?.();
    cancel.signal.throwIfAborted();
    enter('starting');
    const mine = await launch(home, process_);
    running = mine;
    // Losing the race against readiness must not leave the other half running.
    const readiness = untilReady();
    const died = mine.gone.then((how) => {
      throw explainDeath(home, process_, { how, logOffset: mine.logOffset, hadData });
    });
    try {
      await Promise.race([readiness, died]);
    } catch (error) {
      readiness.catch(() => {});
      died.catch(() => {});
      await end(mine, process_.stop);
      removeRecord(home, name);
      running = undefined;
      throw error;
    }
    died.catch(() => {});
    watch(mine);
    enter('ready');
  }

  async function untilReady(withinMs = process_.readyWithinSeconds * 1000): Promise<void> {
    const { signal } = cancel;
    const deadline = Date.now() + withinMs;
    const mine = running;
    for (;;) {
      try {
        return await within(probeTimeoutMs, process_.ready());
      } catch (error) {
        signal.throwIfAborted();
        if (mine !== running) throw error;
        if (Date.now() > deadline) {
          const silence = { reason: reasonOf(error), afterMs: withinMs, logOffset: mine?.logOffset ?? 0 };
          throw process_.externalBy
            ? explainUnreachable(process_, silence.reason)
            : explainTimeout(home, process_, silence);
        }
        await sleep(100, undefined, { signal });
      }
    }
  }

  function watch(mine: Running): void {
    const readyAt = Date.now();
    void mine.gone.then(async (how) => {
      if (running !== mine) return;
      const stopWanted = readLastRecord(home, name)?.stopWanted;
      running = undefined;
      removeRecord(home, name);
      if (cancel.signal.aborted) return;
      if (stopWanted) return enter('stopped', { detail: 'by npm run stack -- stop' });
      askedAt = Date.now();
      if (readyAt + settledAfterMs < Date.now()) quickDeaths = 0;
      starting = revive(how);
      await starting.catch(() => {});
    });
  }

  /** Starts it again, each time after a longer pause, until it lives or has died too often. */
  async function revive(how: string): Promise<void> {
    quickDeaths += 1;
    if (quickDeaths > quickDeathsAllowed) {
      const error = new StackError(
        'KEEPS_DYING',
        `${name} died ${quickDeaths} times in a row (last: ${how}) and is given up. See ${logFileOf(home, name)}, then start again`,
      );
      enter('failed', { error });
      throw error;
    }
    enter('restarting', { detail: how });
    try {
      await sleep(firstPauseMs * 2 ** (quickDeaths - 1), undefined, { signal: cancel.signal });
      // A role waits for servers: it must not hold the turn that they need.
      await (process_.dataFolder ? inTurn(startAfresh) : startAfresh());
    } catch (error) {
      if (cancel.signal.aborted) return;
      await revive(reasonOf(error));
    }
  }

  async function stop(): Promise<void> {
    if (state === 'stopped') return;
    cancel.abort();
    await starting.catch(() => {});
    const mine = running;
    running = undefined;
    if (mine) {
      await end(mine, process_.stop);
      removeRecord(home, name);
    }
    enter('stopped');
  }

  return {
    process: process_,
    get state() {
      return state;
    },
    get running() {
      return running;
    },
    start,
    stop,
    signal(signal, scope) {
      if (!running) throw new StackError('NOT_REACHABLE', `${name} is not running here`);
      for (const pid of scope === 'family' ? family(running.pid) : [running.pid]) send(pid, signal);
    },
  };
}

const isFilled = (folder: string | undefined) =>
  folder !== undefined && existsSync(folder) && readdirSync(folder).length > 0;

async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new Error(`no answer within ${timeoutMs / 1000} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
