import { join } from 'node:path';
import { root, type Settings } from '../config.ts';
import { kafkaClient } from '../fanout/kafka.ts';
import { names } from '../fanout/names.ts';
import { activeSinks } from '../gateway/open.ts';
import { rooms } from '../subgraphs/index.ts';
import type { Command, Process } from './server.ts';

/** The roles of the application, as processes for the supervisor: the gateway with all subgraphs, and the workers. */
export function roleProcesses(settings: Settings): Process[] {
  const { host, port } = settings.gateway;
  // A sink finishes its batch, for which a busy store may take half a minute.
  const stop = { signal: 'SIGTERM', graceSeconds: 35 } as const;
  return [
    {
      name: 'workers',
      ports: [],
      command: () => nodeCommand(settings, 'fanout/main.ts'),
      ready: () => sinksHaveJoined(settings),
      readyWithinSeconds: 60,
      stop,
    },
    {
      name: 'gateway',
      ports: [port],
      command: () => nodeCommand(settings, 'gateway/main.ts'),
      ready: async () => {
        const response = await fetch(`http://${host}:${port}/ready`);
        if (!response.ok) throw new Error(`the gateway answers ${response.status}`);
      },
      readyWithinSeconds: 60,
      stop,
    },
  ];
}

/** A role runs with the same settings as the program that starts it: the environment is inherited. */
function nodeCommand(settings: Settings, program: string): Command {
  return {
    program: process.execPath,
    // A role that leaks or is flooded is ended and started again, before the machine suffers.
    args: ['--max-old-space-size=512', join(root, program)],
    env: { STREAMSHOP_PROFILE: settings.profile, STREAMSHOP_WITHOUT: [...settings.without].join(',') },
    cwd: root,
  };
}

/** The workers are ready when the consumer group of every sink has its member and its partitions. */
async function sinksHaveJoined(settings: Settings): Promise<void> {
  const sinks = activeSinks(rooms, settings);
  const admin = kafkaClient({ settings: settings.kafka, retries: 0 }).admin();
  try {
    await admin.connect();
    // kafkajs learns of the brokers with the first metadata that it asks for, and needs one to find a coordinator.
    await admin.listTopics();
    const { groups } = await admin.describeGroups(sinks.map(({ name }) => names.group(name)));
    const absent = groups.filter(({ state }) => state !== 'Stable').map(({ groupId }) => groupId);
    if (absent.length > 0) throw new Error(`no consumers yet in ${absent.join(', ')}`);
  } finally {
    await admin.disconnect();
  }
}
