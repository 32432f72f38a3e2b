import { expect, test } from 'vitest';
import { readOptions, sectionNames, usage } from './options.ts';

const read = (...args: string[]) => readOptions(args, '/report');

test('without options, everything is measured and the committed report written', () => {
  expect(read()).toEqual({ size: 'demo', here: false, only: sectionNames, rounds: 20, report: '/report' });
});

test('what is less than a whole run leaves the committed report alone', () => {
  for (const args of [['--only', 'page'], ['--rounds', '2'], ['--size', 'bench'], ['--here']]) {
    expect(read(...args)?.report).toBeNull();
    expect(read(...args, '--report', 'elsewhere')?.report).toBe('elsewhere');
  }
});

test('parts are named in any order', () => {
  expect(read('--only', 'xray,page')?.only).toEqual(['xray', 'page']);
  expect(() => read('--only', 'page,sheet')).toThrow('--only knows page, writes, xray, fanout, startup, not sheet');
});

test('what makes no sense is refused', () => {
  for (const rounds of ['0', '1.5', 'many']) expect(() => read('--rounds', rounds)).toThrow('--rounds is a number');
  expect(() => read('--size', 'huge')).toThrow('--size is demo or bench, not huge');
  expect(() => read('--fast')).toThrow("Unknown option '--fast'");
});

test('help fits a terminal of 100 columns', () => {
  expect(read('-h')).toBeNull();
  expect(Math.max(...usage.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
});
