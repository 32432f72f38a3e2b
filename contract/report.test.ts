import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { annotationsOf, jsonOf, textOf } from './report.ts';
import { holds, type Report } from './run.ts';

const sentence =
  'Ask for it another way, which may well be a sentence that is longer than one line of a terminal is wide.';
const broken: Report = {
  base: '3f2a1bc00, HEAD',
  checks: [
    { title: 'everything has a description', durationMs: 12.4, findings: [] },
    {
      ...{ title: 'no operation breaks', durationMs: 1_234 },
      findings: [
        { level: 'error', message: "100 % is gone.\n- 'a', b: c", hint: sentence, file: 'schema/a,b.graphql', line: 7 },
        { level: 'warning', message: 'Might be missed.', hint: 'Deprecate it first.' },
        { level: 'warning', message: 'And this.', hint: 'Deprecate it first.' },
      ],
    },
  ],
};
const warned: Report = {
  base: 'nothing: HEAD is the first commit',
  checks: [
    { title: 'no operation breaks', durationMs: 1, findings: [{ level: 'warning', message: 'Might be missed.' }] },
  ],
};
/** A terminal in an environment of its own: Node looks at a dozen variables of the one in which the tests run. */
const terminalIn = (env: Record<string, string>) =>
  Object.assign(new PassThrough(), { isTTY: true, getColorDepth: () => WriteStream.prototype.getColorDepth(env) });
const coloured = '\u001b[';

// It comes before what the stream says.
beforeEach(() => vi.stubEnv('FORCE_COLOR', undefined));
afterEach(() => vi.unstubAllEnvs());

test('warnings alone do not break the contract', () => {
  expect([holds(broken), holds(warned)]).toEqual([false, true]);
  expect(textOf(warned, new PassThrough())).toContain('Compared with nothing: HEAD is the first commit.');
  expect(textOf(warned, new PassThrough())).toMatch(/\nThe contract holds: 1 warning\.\n$/);
});

test('the text is one line a check, then what was found, where, and what to do; within 100 columns', () => {
  const text = textOf(broken, new PassThrough());
  expect(text.split('\n')).toEqual([
    'Compared with 3f2a1bc00, HEAD.',
    '',
    `✓ ${'everything has a description'.padEnd(88)}    12 ms`,
    `✗ ${'no operation breaks'.padEnd(88)}  1234 ms`,
    '',
    '  ✗ 100 % is gone.',
    "    - 'a', b: c",
    '    schema/a,b.graphql:7',
    '    → Ask for it another way, which may well be a sentence that is longer than one line of a',
    '    terminal is wide.',
    '',
    '  ! Might be missed.',
    '',
    '  ! And this.',
    '    → Deprecate it first.',
    '',
    '',
    'The contract is broken: 1 error, 2 warnings.',
    '',
  ]);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

test('a terminal gets colours, unless NO_COLOR is set', () => {
  const TERM = 'xterm-256color';
  expect(textOf(broken, terminalIn({ TERM }))).toContain(coloured);
  expect(textOf(broken, terminalIn({ TERM, NO_COLOR: '1' }))).not.toContain(coloured);
});

test('annotations are workflow commands with their special characters escaped', () => {
  expect(annotationsOf(broken).split('\n')).toEqual([
    `::error file=schema/a%2Cb.graphql,line=7,title=no operation breaks::100 %25 is gone.%0A- 'a', b: c%0A${sentence}`,
    '::warning title=no operation breaks::Might be missed.%0ADeprecate it first.',
    '::warning title=no operation breaks::And this.%0ADeprecate it first.',
    '',
  ]);
});

test('the JSON has everything', () => {
  expect(JSON.parse(jsonOf(broken))).toEqual({ holds: false, ...broken });
});
