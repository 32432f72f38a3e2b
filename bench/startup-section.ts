import type { Settings } from '../config.ts';
import { residentBytes } from '../stack/memory.ts';
import { roleProcesses } from '../stack/roles.ts';
import { serverProcesses } from '../stack/server.ts';
import { createSupervisor, type Supervisor } from '../stack/supervisor.ts';
import type { Section } from './section.ts';
import { median } from './statistics.ts';
import { digits } from './text.ts';
import { repeatsFor } from './trial.ts';

export interface StartupFigures {
  /** One after the other, those before it running: seconds, and memory as soon as it answered. */
  processes: { name: string; seconds: number[]; bytes: number[] }[];
  /** All servers side by side, then workers and gateway side by side. */
  together: { serversSeconds: number; rolesSeconds: number }[];
}

export interface StartupSectionOptions {
  settings: Settings;
  /** Of what runs, which is stopped first. */
  supervisor: Supervisor;
  rounds: number;
  tell(text: string): void;
}

/**
 * How long each server and role takes from its start until it answers a real query, with the data that is there, nothing else
 * starting meanwhile; and its memory then. Everything is stopped in the end.
 */
export async function startupSection({ settings, supervisor, rounds, tell }: StartupSectionOptions): Promise<Section> {
  const repeats = repeatsFor(rounds);
  tell('stopping what runs');
  await supervisor.stop();
  // The last one's handlers would end this program before its processes are stopped.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);

  const servers = await serverProcesses(settings);
  const roles = roleProcesses(settings);
  const figures = new Map(
    [...servers, ...roles].map(({ name }) => [
      name,
      { name, seconds: [], bytes: [] } as StartupFigures['processes'][number],
    ]),
  );
  const together: StartupFigures['together'] = [];

  for (let done = 1; done <= repeats; done += 1) {
    await withSupervisor(settings, [...servers, ...roles], async (fresh, secondsOf) => {
      for (const [name, each] of figures) {
        tell(`start ${done} of ${repeats}: ${name}`);
        await fresh.start(name);
        each.seconds.push(secondsOf(name));
        const pid = fresh.status().find((process) => process.name === name)?.pid;
        if (pid) each.bytes.push(residentBytes(pid));
      }
    });
  }
  tell('all side by side');
  await withSupervisor(settings, [...servers, ...roles], async (fresh) => {
    const startedAt = performance.now();
    await fresh.start(...servers.map(({ name }) => name));
    const serversAt = performance.now();
    await fresh.start(...roles.map(({ name }) => name));
    const serversSeconds = (serversAt - startedAt) / 1_000;
    together.push({ serversSeconds, rolesSeconds: (performance.now() - serversAt) / 1_000 });
  });
  return sectionOf({ processes: [...figures.values()], together });
}

type Work = (supervisor: Supervisor, secondsOf: (name: string) => number) => Promise<void>;

/** Runs `work` with a supervisor that has started nothing yet, and stops everything afterwards. */
async function withSupervisor(settings: Settings, processes: Awaited<ReturnType<typeof serverProcesses>>, work: Work) {
  const startingAt = new Map<string, number>();
  const took = new Map<string, number>();
  const supervisor = await createSupervisor({
    settings,
    processes,
    onEvent: ({ name, state, seconds }) => {
      if (state === 'starting') startingAt.set(name, seconds);
      if (state === 'ready') took.set(name, seconds - (startingAt.get(name) ?? Number.NaN));
    },
  });
  supervisor.stopOnSignal();
  try {
    await work(supervisor, (name) => took.get(name) ?? Number.NaN);
  } finally {
    await supervisor.stop();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
  }
}

function sectionOf(figures: StartupFigures): Section {
  const { processes, together } = figures;
  const rows = processes
    .map(({ name, seconds, bytes }) => ({ name, seconds, median: median(seconds), bytes: median(bytes) }))
    .sort((a, b) => b.median - a.median)
    .map(({ name, seconds, median, bytes }) => [
      name,
      ...[median, Math.min(...seconds), Math.max(...seconds)].map(digits),
      String(Math.round(bytes / 1e6)),
    ]);
  const [first] = together;
  return {
    ...{ name: 'start-up', title: 'Start-up, with the data that is there', figures },
    tables: [
      {
        title: `From the start until a real query is answered, one after the other (s, ${processes[0]?.seconds.length} times); memory then (MB)`,
        columns: ['process', 'median', 'quickest', 'slowest', 'MB'].map((title) => ({ title })),
        rows,
      },
    ],
    remarks: [
      `Side by side, as npm start does (once): all servers in ${digits(first?.serversSeconds ?? Number.NaN)} s, then workers and gateway in ` +
        `${digits(first?.rolesSeconds ?? Number.NaN)} s.`,
    ],
  };
}
