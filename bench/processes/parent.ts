import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Question, Reply } from './child.ts';

export interface ChildOptions {
  /** Beside the environment of this process. */
  env?: Record<string, string>;
  /** Modules that run before the program. */
  imports?: readonly string[];
}

/** A process that the benchmark started. */
export interface Child<Ready = unknown> extends AsyncDisposable {
  pid: number;
  ready: Ready;
  /**
   * Asks by name; `processes/*.ts` say what each answers.
   * @throws Error with what it threw, or with its last words where it has ended
   */
  ask<T = void>(name: string, argument?: unknown): Promise<T>;
}

const lastWordsLength = 4_000;
const endsWithinMs = 10_000;

/** As deployed: GraphQL.js, Apollo and others take quicker ways then. The secret is one for all, since the subgraphs' processes share it. */
const production = { NODE_ENV: 'production', SUBGRAPH_SECRET: randomBytes(32).toString('hex') };

/**
 * Starts a program of this folder as a process of its own and waits until it is ready.
 * @throws Error with its last words, when it ends before
 */
export async function startChild<Ready>(program: string, options: ChildOptions = {}): Promise<Child<Ready>> {
  const { env = {}, imports = [] } = options;
  const child = fork(join(import.meta.dirname, program), [], {
    env: { ...process.env, ...production, ...env },
    // The memory that `stack/` gives a role of the application.
    execArgv: ['--max-old-space-size=512', ...imports.flatMap((module) => ['--import', module])],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-lastWordsLength);
  });
  const gone = once(child, 'exit');
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const ready = Promise.withResolvers<Ready>();
  let asked = 0;
  let ended: Error | undefined;

  child.on('message', (reply: Reply) => {
    if ('ready' in reply) return ready.resolve(reply.ready as Ready);
    const asker = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('error' in reply) asker?.reject(new Error(`${program}: ${reply.error}`));
    else asker?.resolve(reply.answer);
  });
  void gone.then(([code, signal]) => {
    ended = new Error(`${program} ended (${signal ?? `exit code ${code}`}): ${lastWords.trim()}`);
    ready.reject(ended);
    for (const asker of waiting.values()) asker.reject(ended);
  });

  const given = await ready.promise;
  return {
    pid: child.pid as number,
    ready: given,
    async ask<T>(name: string, argument?: unknown) {
      if (ended) throw ended;
      const asker = Promise.withResolvers<unknown>();
      asked += 1;
      waiting.set(asked, asker);
      // A channel that fails is one of a process that ends, which rejects whoever waits.
      child.send({ id: asked, name, argument } satisfies Question, () => {});
      return (await asker.promise) as T;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      if (child.connected) child.disconnect();
      const killing = setTimeout(() => child.kill('SIGKILL'), endsWithinMs);
      await gone;
      clearTimeout(killing);
    },
  };
}
