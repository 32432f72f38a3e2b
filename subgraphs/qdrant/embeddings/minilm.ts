import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { codedError } from '../../../gateway/errors.ts';
import type { Embedder } from './embedder.ts';
import type { Answer, Question } from './minilm-worker.ts';

/** https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 */
const dimensions = 384;

/**
 * all-MiniLM-L6-v2 in a thread of its own, since onnxruntime-node computes in the thread that asks, and 100 plots take it three
 * seconds. The thread starts with the first text and holds the model from then on (about 220 MB).
 * @param settings.modelFolder holds model.onnx and the tokenizer's files; stack/qdrant/model.ts puts them there
 */
export function openMiniLm({ modelFolder }: { modelFolder: string }): Embedder {
  let thread: Worker | undefined;
  let lastId = 0;
  const waiting = new Map<number, PromiseWithResolvers<Float32Array>>();

  /** When the thread is gone, whoever still waits gets no answer, and the next text starts another one. */
  function start(): Worker {
    const started = new Worker(new URL('./minilm-worker.ts', import.meta.url), { workerData: { modelFolder } });
    const end = (reason: unknown) => {
      if (thread !== started) return;
      thread = undefined;
      for (const { reject } of waiting.values()) reject(unavailable(reason));
      waiting.clear();
    };
    started.on('error', end);
    started.on('exit', (code) => end(new Error(`its thread ended with ${code}`)));
    started.on('message', ({ id, ...answer }: Answer) => {
      const asked = waiting.get(id);
      waiting.delete(id);
      // A thread that nobody waits for keeps no program running.
      if (waiting.size === 0) started.unref();
      if ('vectors' in answer) asked?.resolve(answer.vectors);
      else asked?.reject(unavailable(new Error(answer.error)));
    });
    return started;
  }

  return {
    name: 'all-MiniLM-L6-v2',
    dimensions: async () => dimensions,
    async embed(texts) {
      if (texts.length === 0) return [];
      thread ??= start();
      const asked = Promise.withResolvers<Float32Array>();
      lastId += 1;
      waiting.set(lastId, asked);
      thread.ref();
      thread.postMessage({ id: lastId, texts: [...texts] } satisfies Question);
      const vectors = await asked.promise;
      return texts.map((_, index) => vectors.subarray(index * dimensions, (index + 1) * dimensions));
    },
    async close() {
      if (!thread) return;
      const gone = once(thread, 'exit');
      thread.ref();
      thread.postMessage(null);
      await gone;
    },
  };
}

function unavailable(cause: unknown) {
  const { code, message } = cause as NodeJS.ErrnoException;
  const advice = code === 'ENOENT' ? '. Put it there (node stack/qdrant/model.ts), or set EMBEDDINGS_URL' : '';
  return codedError('STORE_UNAVAILABLE', `The embedding model cannot be used: ${message}${advice}`, {
    store: 'embeddings',
    cause,
  });
}
