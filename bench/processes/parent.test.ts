import { expect, test } from 'vitest';
import { startChild } from './parent.ts';

test('a process that has ended answers with that, whenever it is asked', async () => {
  await using load = await startChild<null>('load.ts');
  process.kill(load.pid, 'SIGKILL');
  const asking = load.ask('run', { url: 'http://127.0.0.1:9', requests: [], connections: 0, operations: 0 });
  await expect(asking).rejects.toThrow('load.ts ended (SIGKILL)');
  await expect(load.ask('run')).rejects.toThrow('load.ts ended (SIGKILL)');
});
