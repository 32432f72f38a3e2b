import { Listr, type ListrTask, PRESET_TIMER } from 'listr2';
import type { Settings } from '../config.ts';
import { openRooms } from '../gateway/open.ts';
import { composeAndWrite } from '../gateway/supergraph.ts';
import { rooms } from '../subgraphs/index.ts';
import { buildExplorer } from '../web/explorer/build.ts';
import type { DataLoad } from './data.ts';
import { roleProcesses } from './roles.ts';
import { serverProcesses } from './server.ts';
import { createSupervisor, type StackEvent, type Supervisor } from './supervisor.ts';

export interface BringUpOptions {
  settings: Settings;
  /** What a fresh data folder is filled with. */
  data: DataLoad;
  /** Called once everything that was started has been stopped after Ctrl-C. */
  onStopped?(): void;
}

/**
 * Brings the whole system up: servers, migrations, supergraph, roles, demo data; shows each step with its time. On a
 * terminal the list redraws itself, elsewhere it is plain lines.
 * @throws StackError, after everything that was started has been stopped
 */
export async function bringUp({ settings, data, onStopped }: BringUpOptions): Promise<Supervisor> {
  const listeners = new Map<string, (event: StackEvent) => void>();
  const servers = await serverProcesses(settings);
  const roles = roleProcesses(settings);
  const supervisor = await createSupervisor({
    settings,
    processes: [...servers, ...roles],
    onEvent: (event) => (listeners.get(event.name) ?? tellLater)(event),
  });
  supervisor.stopOnSignal(onStopped);

  const starting = ({ name }: { name: string }): ListrTask => ({
    title: name,
    task: async (_, task) => {
      listeners.set(name, ({ state, detail }) => {
        task.output = detail ? `${state}: ${detail}` : state;
        if (state === 'ready' && detail) task.title = `${name} (${detail})`;
      });
      await supervisor.start(name);
      listeners.delete(name);
    },
  });
  const sideBySide = { concurrent: true, exitOnError: true } as const;

  const steps = new Listr(
    [
      { title: 'Start the servers', task: (_, task) => task.newListr(servers.map(starting), sideBySide) },
      {
        title: 'Build the explorer',
        task: async (_, task) => {
          if (!(await buildExplorer())) task.skip('The explorer is built already');
        },
      },
      { title: 'Migrate the stores', task: (_, task) => task.newListr(migrations(settings), sideBySide) },
      {
        title: 'Compose the supergraph',
        skip: () => settings.profile === 'test' && 'The tests hold the committed supergraph against the rooms',
        task: () => composeAndWrite(rooms),
      },
      { title: 'Start the workers and the gateway', task: (_, task) => task.newListr(roles.map(starting), sideBySide) },
      {
        title: `Load ${data.title} through commands, outbox, Kafka and sinks`,
        skip: () => data.isLoaded && `${data.title} is there already`,
        task: (_, task) =>
          data.load((text) => {
            task.output = text;
          }),
      },
    ],
    {
      concurrent: false,
      // At Ctrl-C the supervisor stops what runs; listr2 would end this program at once.
      registerSignalListeners: false,
      rendererOptions: { timer: PRESET_TIMER, collapseSubtasks: false },
      fallbackRendererOptions: { timer: PRESET_TIMER },
    },
  );
  try {
    await steps.run();
    return supervisor;
  } catch (error) {
    const wasAskedTo = supervisor.isStopping;
    await supervisor.stop();
    // What fails while everything is being stopped is no news; the signal's handler ends this program.
    if (wasAskedTo) await new Promise(() => {});
    throw error;
  }
}

/** One task a store; the clients are closed again, since the roles open their own. */
function migrations(settings: Settings): ListrTask[] {
  return openRooms(rooms, settings).list.flatMap(({ room, open }): ListrTask[] => {
    if (!open) return [];
    const migrate = async () => {
      try {
        await open.store.migrate();
      } finally {
        await open.store.close();
      }
    };
    return [{ title: room.name, task: migrate }];
  });
}

/** After the start there is no list any more: what happens to a process is a line. */
function tellLater({ name, state, detail, error }: StackEvent): void {
  const time = new Date().toISOString().slice(11, 19);
  if (error) console.error(`${time} ${name}: ${error.message}`);
  else if (state !== 'stopped') console.log(`${time} ${name} ${state}${detail ? `: ${detail}` : ''}`);
}
