import { expect, test } from 'vitest';
import type { Answer } from '../answer.ts';
import { whyEmpty } from './why-empty.ts';

const answer: Answer = { answeredAtMs: 0, name: 'MoviePage', wasXrayAsked: true, xray: null, unauthenticated: 0 };

test('an empty panel says why it is empty, and what to do', () => {
  expect(whyEmpty(null, false)).toMatch(/switched off/);
  expect(whyEmpty(null, true)).toMatch(/Ctrl-Enter/);
  expect(whyEmpty({ ...answer, wasXrayAsked: false }, true)).toMatch(/Run it again/);
  expect(whyEmpty(answer, true)).toMatch(/scope xray/);
});
