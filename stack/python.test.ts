import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findPython, installPackages, runPython } from './python.ts';

/** A folder that is gone at the end. */
function openFolder(): Disposable & { path: string; write(name: string, text: string): string } {
  const path = mkdtempSync(join(tmpdir(), 'streamshop-python-'));
  return {
    path,
    write(name, text) {
      writeFileSync(join(path, name), text, { mode: 0o755 });
      return join(path, name);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}

const advice =
  'Install it (Debian: apt-get install python3 python3-venv), or leave the server out: npm start -- --without qdrant';
const missing = (found: string) => ({
  code: 'PROGRAM_MISSING',
  message: `qdrant needs Python 3.10 or newer with its module venv; found: ${found}. ${advice}`,
});

test('a missing, old or incomplete Python is named, with what to install', async () => {
  using folder = openFolder();
  const env = { PATH: folder.path };
  await expect(findPython('qdrant', env)).rejects.toMatchObject(missing('none'));
  const python = folder.write('python3', '#!/bin/sh\necho 3.9.18\n');
  await expect(findPython('qdrant', env)).rejects.toMatchObject(missing(`3.9.18 as ${python}`));
  folder.write('python3', '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; *) echo 3.12.1;; esac\n');
  await expect(findPython('qdrant', env)).rejects.toMatchObject(
    missing(`3.12.1 as ${python}, without the modules venv and ensurepip`),
  );
  // The next one that fits is taken.
  const other = folder.write('python3.11', '#!/bin/sh\ncase "$2" in *ensurepip*) echo ok;; *) echo 3.11.7;; esac\n');
  expect(await findPython('qdrant', env)).toEqual({ program: other, version: '3.11.7' });
});

test('packages are installed once, and again when the requirements change; a failure leaves what was there', {
  timeout: 120_000,
}, async () => {
  using folder = openFolder();
  const lib = join(folder.path, 'lib');
  const requirements = folder.write('requirements.txt', '# nothing\n');
  const [python] = await Promise.all([
    installPackages('qdrant', lib, requirements),
    installPackages('qdrant', lib, requirements),
  ]);
  expect(python).toBe(join(lib, 'bin', 'python'));
  await runPython('qdrant', python, ['-c', `import sys; assert sys.prefix == ${JSON.stringify(lib)}`]);
  const madeAt = statSync(lib).ino;
  expect(await installPackages('qdrant', lib, requirements)).toBe(python);
  expect(statSync(lib).ino).toBe(madeAt);

  folder.write('requirements.txt', `${folder.path}/no-such-1.0-py3-none-any.whl\n`);
  await expect(installPackages('qdrant', lib, requirements)).rejects.toMatchObject({
    code: 'INSTALL_FAILED',
    message: expect.stringMatching(/^qdrant could not be installed by Python: ERROR: .*no-such-1\.0/),
  });
  expect(statSync(lib).ino).toBe(madeAt);
  folder.write('requirements.txt', '# nothing, otherwise\n');
  await installPackages('qdrant', lib, requirements);
  expect(statSync(lib).ino).not.toBe(madeAt);
  expect(existsSync(`${lib}.new`)).toBe(false);
});
