import { expect, test } from 'vitest';
import { type SinkState, startReadAfter } from './read-after.ts';

const type = 'watch.recorded';

const states = (status: SinkState['status']): SinkState[] => [
  { name: 'redis', status },
  { name: 's3', status: 'NOT_CONSUMED' },
];

test('waits until the sink has applied the event, and asks for all waiting rooms together', async () => {
  let asked = 0;
  const askEvent = async () => {
    asked += 1;
    return { type, sinks: states(asked < 4 ? 'PENDING' : 'APPLIED') };
  };
  const readAfter = await startReadAfter({ askEvent, timeoutMs: 5_000 });
  await readAfter.waitFor('s3');
  expect(asked).toBe(1);
  await Promise.all([readAfter.waitFor('redis'), readAfter.waitFor('redis')]);
  expect(asked).toBe(4);
  expect(readAfter.notYetApplied()).toEqual([]);
});

test.for([
  ['that lags past the bound', states('PENDING')],
  ['that has the event among its dead letters', states('DEAD')],
  ['whose state Kafka cannot tell', []],
] as const)('names a sink %s', async ([, sinks]) => {
  const readAfter = await startReadAfter({ askEvent: async () => ({ type, sinks }), timeoutMs: 50 });
  await readAfter.waitFor('redis');
  expect(readAfter.notYetApplied()).toEqual(['redis']);
});

test('an event that is not the viewer’s is refused', async () => {
  const started = startReadAfter({ askEvent: async () => null, timeoutMs: 50 });
  await expect(started).rejects.toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
});
