import { describe, expect, test } from 'vitest';
import { advance, type Step } from './playback.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 20, minute));
const step = (parts: Partial<Step>): Step => ({
  action: 'PLAY',
  watchedAt: at(0),
  positionSeconds: 0,
  runtimeSeconds: 6_000,
  ...parts,
});

describe('advance', () => {
  test('begins at version 1', () => {
    expect(advance(undefined, step({ positionSeconds: 7 }))).toEqual({
      version: 1,
      lastWatchedAt: at(0),
      positionSeconds: 7,
      completed: false,
    });
  });

  test('a late watch raises the version and turns nothing back', () => {
    const before = { version: 4, lastWatchedAt: at(30), positionSeconds: 1_800, completed: true };
    expect(advance(before, step({ watchedAt: at(10), positionSeconds: 600 }))).toEqual({ ...before, version: 5 });
  });

  test('of two at the same instant the later recorded one counts', () => {
    const before = advance(undefined, step({ positionSeconds: 10 }));
    expect(advance(before, step({ positionSeconds: 20 })).positionSeconds).toBe(20);
  });

  test.each([
    ['STOP', 5_700, true],
    ['STOP', 5_699, false],
    ['PAUSE', 5_900, false],
  ] as const)('%s at %i of 6000 s: completed %s', (action, positionSeconds, completed) => {
    expect(advance(undefined, step({ action, positionSeconds })).completed).toBe(completed);
  });

  test('playing again makes it uncompleted', () => {
    const completed = advance(undefined, step({ action: 'STOP', positionSeconds: 6_000 }));
    expect(advance(completed, step({ watchedAt: at(1) })).completed).toBe(false);
  });
});
