import { expect, test } from 'vitest';
import { run, verify } from '../command.ts';
import { askWhole, newUser, sinkStates, until, untilApplied } from '../harness.ts';
import { caughtUp } from '../replay.ts';
import { poisons } from './poisons/index.ts';

const redrive = (sink: string) => run('fanout/cli.ts', 'redrive', '--sink', sink);

/** The sinks that have dead letters, and how many. */
async function deadLetters(): Promise<Record<string, number>> {
  const { fanout } = await askWhole('{ fanout { sinks { name deadLetters } } }');
  const dead: { name: string; deadLetters: number }[] = fanout.sinks.filter(
    ({ deadLetters }: { deadLetters: number }) => deadLetters > 0,
  );
  return Object.fromEntries(dead.map(({ name, deadLetters }) => [name, deadLetters]));
}

test.for(Object.keys(poisons))(
  'poison for %s is dead there alone, and is redriven',
  { timeout: 180_000 },
  async (sink) => {
    expect(await deadLetters()).toEqual({});
    const user = await newUser();
    await using story = await (poisons[sink] as (typeof poisons)[string])(user);
    // Other tests shall not find what this one leaves when it fails.
    let isMended = false;
    await using _ = {
      async [Symbol.asyncDispose]() {
        if (!isMended) await story.mend();
        if ((await deadLetters())[sink]) await redrive(sink);
      },
    };

    const before = await story.before();
    const poisoned = await story.poison();
    const after = await story.after();
    await until('it is a dead letter', async () => (await deadLetters())[sink] === 1);
    await caughtUp();
    for (const eventId of [before, after]) if (eventId) await untilApplied(eventId, user.token);
    expect(await deadLetters()).toEqual({ [sink]: 1 });
    if (story.isFollowed) {
      const { [sink]: here, ...elsewhere } = await sinkStates(poisoned, user.token);
      expect(here).toBe('DEAD');
      expect(Object.values(elsewhere).filter((status) => !/^(APPLIED|NOT_CONSUMED)$/.test(status))).toEqual([]);
    }

    const inVain = await redrive(sink);
    expect(inVain.output).toMatch(new RegExp(`still dead .*${poisoned}`));
    expect(inVain.code).toBe(1);
    expect(await deadLetters()).toEqual({ [sink]: 1 });

    await story.mend();
    isMended = true;
    const redriven = await redrive(sink);
    expect(redriven.output).toMatch(new RegExp(`applied .*${poisoned}`));
    expect(redriven.code).toBe(0);
    await until('nothing is dead any more', async () => Object.keys(await deadLetters()).length === 0);
    if (story.isFollowed) await untilApplied(poisoned, user.token);
    await caughtUp();
    expect(await story.isShown(poisoned)).toBe(true);
  },
);

test('and everything is as its source again', async () => {
  await verify();
});
