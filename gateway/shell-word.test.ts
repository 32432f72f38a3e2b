import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from './shell-word.ts';

test('a shell reads each word as it was', () => {
  const words = [
    'movies/m101/',
    '',
    ' a  b',
    `it's 'so' "x" \\ $HOME \`id\` $(id)`,
    'a\nb',
    'é 🎬',
    '*',
    '~',
    '-n',
    ';#&|',
  ];
  const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`], { encoding: 'utf8' });
  expect(printed.split('\0').slice(0, -1)).toEqual(words);
});
