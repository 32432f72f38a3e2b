import { expect, test } from 'vitest';
import { profileOf } from './profile.ts';

const frame = (functionName: string, url = '') => ({
  functionName,
  url,
  scriptId: '0',
  lineNumber: 0,
  columnNumber: 0,
});

test('Node’s functions count for the package that calls them, native code on nobody’s behalf for itself, waiting for nobody', () => {
  const profile = profileOf([
    { id: 1, callFrame: frame('(root)'), hitCount: 5, children: [2, 3, 6, 8] },
    { id: 2, callFrame: frame('(idle)'), hitCount: 100 },
    { id: 3, callFrame: frame('query', 'file:///app/node_modules/@scope/pg/lib/a.js'), hitCount: 4, children: [4, 5] },
    { id: 4, callFrame: frame('writev', 'node:net'), hitCount: 2 },
    { id: 5, callFrame: frame('execute', 'file:///app/node_modules/graphql/execute.js'), hitCount: 2 },
    { id: 6, callFrame: frame('answer', 'file:///app/gateway/execution.ts'), hitCount: 1, children: [7] },
    { id: 7, callFrame: frame('(garbage collector)'), hitCount: 1 },
    { id: 8, callFrame: frame('(program)'), hitCount: 10 },
  ]);
  expect(profile.packages).toEqual([
    { name: '(program)', share: 0.5 },
    { name: '@scope/pg', share: 0.3 },
    { name: 'graphql', share: 0.1 },
    { name: 'StreamShop', share: 0.05 },
    { name: 'garbage collector', share: 0.05 },
  ]);
  expect(profile.functions).toEqual([
    { name: '(program)', share: 0.5 },
    { name: 'query (@scope/pg/lib/a.js)', share: 0.2 },
    { name: 'writev (net)', share: 0.1 },
    { name: 'execute (graphql/execute.js)', share: 0.1 },
    { name: 'answer (gateway/execution.ts)', share: 0.05 },
    { name: '(garbage collector)', share: 0.05 },
  ]);
});
