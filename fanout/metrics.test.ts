import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { root } from '../config.ts';
import { activeSinks } from '../gateway/open.ts';
import { rooms } from '../subgraphs/index.ts';
import { newUser, recordWatch, settings, until, untilApplied } from '../test/harness.ts';
import { metricsUrls, type Sample, scrapeFrom, sumOf } from '../test/scrape.ts';

const { workers } = metricsUrls(settings);
const sinks = activeSinks(rooms, settings);
const sources = (samples: Sample[]) =>
  Object.fromEntries(
    samples
      .filter(({ name }) => name === 'streamshop_fanout_scrape_ok')
      .map(({ labels, value }) => [labels.source, value]),
  );

test('a watch moves the figures of the relay and of every sink that consumes it', async () => {
  const { token } = await newUser();
  const before = await scrapeFrom(workers);
  await untilApplied(await recordWatch(token), token);

  const concerned = sinks.filter(({ consumes }) => consumes.includes('watch.recorded'));
  expect(concerned.length).toBeGreaterThan(3);
  const rise = (after: Sample[], name: string, labels: Record<string, string>) =>
    (sumOf(after, name, labels) ?? 0) - (sumOf(before, name, labels) ?? 0);
  // A sink's offset is committed a moment before it is told.
  const after = await until('every sink has told', async () => {
    const samples = await scrapeFrom(workers);
    const risen = concerned.flatMap(({ name: sink }) =>
      ['streamshop_sink_commit_to_applied_seconds_count', 'streamshop_sink_committed_offsets'].map((name) =>
        rise(samples, name, { sink }),
      ),
    );
    return risen.every((count) => count >= 1) ? samples : null;
  });
  expect(rise(after, 'streamshop_events_published_total', { topic: 'watch_events' })).toBeGreaterThanOrEqual(1);
  for (const outbox of ['postgres', 'mongo']) expect(sumOf(after, 'streamshop_relay_leading', { outbox })).toBe(1);
});

test('what is asked at a scrape is there for every outbox and every sink', async () => {
  // A view of the dead letters that begins may take longer than a scrape waits.
  const samples = await until('every source has told', async () => {
    const samples = await scrapeFrom(workers);
    return Object.values(sources(samples)).every((isOk) => isOk === 1) ? samples : null;
  });
  expect(sources(samples)).toEqual({ postgres: 1, mongo: 1, lags: 1, dead_letters: 1 });
  for (const { name: sink } of sinks) {
    expect(sumOf(samples, 'streamshop_sink_lag_messages', { sink }), sink).toBeGreaterThanOrEqual(0);
    expect(sumOf(samples, 'streamshop_sink_committed_offsets', { sink }), sink).toBeGreaterThanOrEqual(0);
    expect(sumOf(samples, 'streamshop_sink_dead_letters_waiting', { sink }), sink).toBeGreaterThanOrEqual(0);
  }
  for (const outbox of ['postgres', 'mongo']) {
    expect(sumOf(samples, 'streamshop_outbox_oldest_age_seconds', { outbox })).toBeGreaterThanOrEqual(0);
  }
  expect(
    sumOf(samples, 'streamshop_oldest_writing_transaction_seconds', { outbox: 'postgres' }),
  ).toBeGreaterThanOrEqual(0);
});

/** A process begins slowly where many do. */
const patience = { startMs: 100_000, test: { timeout: 150_000 } };

/** Starts another process of the workers, beside the stack's; gives the line that has the message, once it is logged. */
function startWorkers(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [join(root, 'fanout', 'main.ts'), ...args], {
    env: { ...process.env, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  return (msg: string) => until(msg, async () => lines.find((line) => line.msg === msg), patience.startMs);
}

test('an outbox that cannot be asked is left out, and the scrape says so', patience.test, async () => {
  const logged = startWorkers(['relay'], { WORKERS_PORT: '0', POSTGRES_URL: 'postgresql://nobody@127.0.0.1:1/none' });
  const { url } = await logged('metrics');
  const samples = await until('MongoDB has told', async () => {
    const samples = await scrapeFrom(String(url));
    return sources(samples).mongo === 1 ? samples : null;
  });
  expect(sources(samples)).toEqual({ postgres: 0, mongo: 1 });
  expect(sumOf(samples, 'streamshop_outbox_oldest_age_seconds', { outbox: 'postgres' })).toBeUndefined();
  expect(sumOf(samples, 'streamshop_oldest_writing_transaction_seconds')).toBeUndefined();
  expect(sumOf(samples, 'streamshop_outbox_oldest_age_seconds', { outbox: 'mongo' })).toBeGreaterThanOrEqual(0);
  expect(sumOf(samples, 'streamshop_relay_leading', { outbox: 'postgres' })).toBe(0);

  // Nothing else is served there.
  expect((await fetch(String(url).replace('/metrics', '/'))).status).toBe(404);
  expect((await fetch(String(url), { method: 'POST' })).status).toBe(404);
});

test('a process of the workers whose port is taken says so and works on', patience.test, async () => {
  const logged = startWorkers(['relay'], { WORKERS_PORT: String(settings.workers.port) });
  await logged('no metrics of this process; WORKERS_PORT=0 takes a free port');
  await logged('ready');
  expect((await fetch(workers.replace('/metrics', '/'))).status).toBe(404);
  expect((await fetch(workers, { method: 'POST' })).status).toBe(404);
});
