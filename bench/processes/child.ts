/** What a process of the benchmark is asked by name, each with one argument. */
export type Answers = Record<string, (argument: never) => unknown>;

/** A question of the parent's, as it comes by IPC. */
export interface Question {
  id: number;
  name: string;
  argument: unknown;
}

/** What a child sends: first that it is ready, then an answer to each question. */
export type Reply = { ready: unknown } | { id: number; answer: unknown } | { id: number; error: string };

/**
 * Answers the parent's questions until it goes away, and then ends: a benchmark that is killed leaves nothing behind.
 * @param ready what the parent is told first, such as an address
 */
export function answerParent(ready: unknown, answers: Answers): void {
  const send = (reply: Reply) => process.send?.(reply);
  process.on('message', async ({ id, name, argument }: Question) => {
    try {
      send({ id, answer: await answers[name]?.(argument as never) });
    } catch (error) {
      send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.once('disconnect', () => process.exit());
  send({ ready });
}
