import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** What promtool says; null where there is none. */
async function promtool(...args: string[]): Promise<string | null> {
  try {
    return (await promisify(execFile)('promtool', args, { cwd: import.meta.dirname })).stdout;
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    return code === 'ENOENT' ? null : `exit code ${code}: ${stdout}${stderr}`;
  }
}

test('Prometheus understands the rules, and their arithmetic is right', async ({ skip }) => {
  const tested = await promtool('test', 'rules', 'alerts.test.yml');
  if (tested === null) {
    console.info(
      'The arithmetic of the alerts is not tested: promtool is not on the PATH (stack/monitoring/README.md).',
    );
    return skip();
  }
  expect(tested).toMatch(/^\s*SUCCESS\s*$/m);
  expect(tested).not.toContain('exit code');
  expect(await promtool('check', 'rules', 'alerts.yml')).toMatch(/^\s*SUCCESS: /m);
});
