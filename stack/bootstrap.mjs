// Runs one of the project's programs with the Node that the project brings, after installing the npm packages where
// package-lock.json has changed since the last time. Plain JavaScript, because it runs with whatever Node the machine has.
//   node stack/bootstrap.mjs PROGRAM.ts [ARGUMENTS]
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

process.env.STREAMSHOP_STARTED_AT ??= String(Date.now());
const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const lockFile = readFileSync(join(root, 'package-lock.json'));
const wanted = createHash('sha256').update(lockFile).digest('hex');
const marker = join(root, 'node_modules', '.streamshop-installed');
const node = join(root, 'node_modules', '.bin', 'node');

const isInstalled = () => existsSync(marker) && existsSync(node) && readFileSync(marker, 'utf8') === wanted;

if (!isInstalled()) {
  const unlock = await lockInstallation();
  if (!isInstalled()) install();
  unlock();
}

const [program, ...args] = process.argv.slice(2);
// For every process of the project. kafkajs schedules timers in the past, which Node 24 remarks on; they then run at once.
const nodeOptions = '--disable-warning=ExperimentalWarning --disable-warning=TimeoutNegativeWarning';
const child = spawn(node, [join(root, program), ...args], {
  stdio: 'inherit',
  env: { ...process.env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} ${nodeOptions}`.trim() },
});
// The terminal sends Ctrl-C to the program as well; this process waits for it to finish its work.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

function install() {
  const startedAt = Date.now();
  console.log('Installing the npm packages (about a minute the first time) …');
  const { status, error, stdout, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    // The embedding model runs on the CPU: its runtime need not fetch hundreds of megabytes for graphics cards.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
  if (status !== 0) {
    console.error(`${stdout ?? ''}${stderr ?? ''}`.trim());
    console.error(`npm ci failed${error ? `: ${error.message}` : ''}. Mend what it says above, then run this again.`);
    process.exit(1);
  }
  writeFileSync(marker, wanted);
  console.log(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
}

/** Two programs started at once on a fresh clone must not install over each other. The kernel frees the lock of a dead holder. */
async function lockInstallation() {
  const name = `\0streamshop-install-${createHash('sha256').update(root).digest('hex').slice(0, 32)}`;
  for (;;) {
    const waiting = new Set();
    const server = createServer((socket) => waiting.add(socket.on('error', () => {})));
    const failure = await new Promise((resolve) => {
      server.once('error', resolve).listen(name, () => resolve(null));
    });
    // Only Linux has this kind of socket; elsewhere the lock is done without.
    if (failure?.code !== 'EADDRINUSE') {
      return () => {
        server.close();
        for (const socket of waiting) socket.destroy();
      };
    }
    console.log('Another StreamShop program is installing; waiting for it …');
    await new Promise((resolve) => {
      connect(name)
        .on('error', () => {})
        .on('close', resolve)
        .resume();
    });
  }
}
