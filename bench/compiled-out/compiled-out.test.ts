import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import type { RequestContext } from '../../gateway/request.ts';
import type { StoreCall } from '../../gateway/seam.ts';

const root = join(import.meta.dirname, '..', '..');
const gateway = join(root, 'gateway');
const observing = ['xray', 'tracing', 'tracing-http', 'plugins', 'request', 'seam'];
const replaced = [...observing.map((name) => `gateway/${name}`), 'subgraphs/postgres/sql'];

test.each(replaced)('what stands in for %s.ts exports the same names', async (file) => {
  const original = await import(join(root, `${file}.ts`));
  const replacement = await import(join(import.meta.dirname, `${basename(file)}.ts`));
  expect(Object.keys(replacement).toSorted()).toEqual(Object.keys(original).toSorted());
});

test('every module of the gateway that observes requests is replaced, and nothing else', () => {
  const loaded = (...options: string[]) => {
    const program = `
      import { registerHooks } from 'node:module';
      const files = [];
      const note = (url) => files.push(.../\\/((?:gateway|compiled-out)\\/[\\w-]+\\.ts)$/.exec(url)?.slice(1) ?? []);
      registerHooks({ load: (url, context, next) => { note(url); return next(url, context); } });
      await import(${JSON.stringify(join(gateway, 'server.ts'))});
      process.stdout.write(JSON.stringify(files), () => process.exit());`;
    const args = ['--disable-warning=ExperimentalWarning', ...options, '--input-type=module', '--eval', program];
    return JSON.parse(
      execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 }),
    ) as string[];
  };
  const asIs = loaded();
  const compiledOut = loaded('--import', join(import.meta.dirname, 'register.ts'));
  expect(asIs).toEqual(expect.arrayContaining(observing.map((name) => `gateway/${name}.ts`)));
  expect(compiledOut).toEqual(expect.arrayContaining(observing.map((name) => `compiled-out/${name}.ts`)));

  // What only the observing code needs is not loaded any more; the HTTP transport has two of these, and the rounds read plans.
  const stillLoaded = compiledOut.filter((file) => /^gateway\/(?:xray|tracing)/.test(file));
  expect(stillLoaded.toSorted()).toEqual(['gateway/xray-detail.ts', 'gateway/xray-plan.ts', 'gateway/xray-remote.ts']);
});

test('a seam without observers guards its store as ever, and metrics still count its calls', async () => {
  const { createSeam, storeCalls } = await import('./seam.ts');
  const seen: string[] = [];
  const told = (step: string) => (message: unknown) => {
    const { store, statement, attempts, error } = message as StoreCall;
    if (store === 'counted') seen.push([step, statement, attempts, (error as { code?: string })?.code].join(' '));
  };
  storeCalls.start.subscribe(told('start'));
  storeCalls.asyncEnd.subscribe(told('end'));
  const seam = createSeam({ store: 'counted', timeoutMs: 5_000, isOutage: () => false });

  await expect(seam('SELECT 1', async () => 'found')).resolves.toBe('found');
  await expect(seam({ text: 'SELECT 2' }, () => Promise.reject(new Error('no')))).rejects.toThrow('counted could not');
  expect(seen.map((line) => line.trim())).toEqual([
    'start  0',
    'end  1',
    'start  0',
    expect.stringMatching(/^end {2}1/),
  ]);
});

test('without observers, a fetch goes on in the request that it is for', async () => {
  const { currentRequest, withOrigin, withRequest } = await import('./request.ts');
  const [outer, other] = [{ id: 'outer' }, { id: 'other' }] as RequestContext[] as [RequestContext, RequestContext];
  withRequest(outer, () => expect(withOrigin({ request: outer }, currentRequest)).toBe(outer));
  withRequest(outer, () => expect(withOrigin({ request: other }, currentRequest)).toBe(other));
  expect(withOrigin({ request: other }, currentRequest)).toBe(other);
});
