import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const gateway = join(import.meta.dirname, '..', '..', 'gateway');
const observing = ['xray', 'tracing', 'tracing-http', 'plugins'];

test.each(observing)('what stands in for gateway/%s.ts exports the same names', async (name) => {
  const original = await import(join(gateway, `${name}.ts`));
  const replacement = await import(`./${name}.ts`);
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

  // What only the observing code needs is not loaded any more; these two are of the HTTP transport.
  const stillLoaded = compiledOut.filter((file) => /^gateway\/(?:xray|tracing)/.test(file));
  expect(stillLoaded.toSorted()).toEqual(['gateway/xray-detail.ts', 'gateway/xray-remote.ts']);
});
