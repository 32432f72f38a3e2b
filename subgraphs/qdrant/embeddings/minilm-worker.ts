/** The thread of minilm.ts: tokens, inference, vectors. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { Tokenizer } from '@huggingface/tokenizers';
import { InferenceSession, Tensor } from 'onnxruntime-node';

export interface Question {
  id: number;
  texts: string[];
}

/** Vectors one after another in one array, or why there are none. */
export type Answer = { id: number } & ({ vectors: Float32Array } | { error: string });

/** The model was trained on texts of up to so many tokens, and its card says that more are cut off. */
const longestTokens = 256;
/**
 * One run's texts are padded to the longest of them. So many tokens in all take 50 MB, measured; more of them take more, and
 * are no quicker.
 */
const tokensPerRun = 1_024;
/** `[SEP]`, with which every text ends. */
const endToken = 102;

const { modelFolder } = workerData as { modelFolder: string };
const readJson = async (name: string) => JSON.parse(await readFile(join(modelFolder, name), 'utf8'));
const tokenizer = new Tokenizer(await readJson('tokenizer.json'), await readJson('tokenizer_config.json'));
const session = await InferenceSession.create(join(modelFolder, 'model.onnx'), {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  // What a long text took would otherwise never be given back.
  enableCpuMemArena: false,
});

async function embed(texts: readonly string[]): Promise<Float32Array> {
  const tokens = texts.map(tokensOf);
  // Texts of like length together: padding is computed like everything else.
  const order = tokens.map((_, index) => index).sort((a, b) => lengthAt(tokens, a) - lengthAt(tokens, b));
  let vectors: Float32Array | undefined;
  for (const run of runs(order, tokens)) {
    const found = await infer(run.map((index) => tokens[index] as number[]));
    const dimensions = found.length / run.length;
    vectors ??= new Float32Array(texts.length * dimensions);
    for (const [place, index] of run.entries()) {
      vectors.set(found.subarray(place * dimensions, (place + 1) * dimensions), index * dimensions);
    }
  }
  return vectors ?? new Float32Array();
}

function tokensOf(text: string): number[] {
  const { ids } = tokenizer.encode(text);
  return ids.length > longestTokens ? [...ids.slice(0, longestTokens - 1), endToken] : ids;
}

const lengthAt = (tokens: readonly number[][], index: number) => tokens[index]?.length ?? 0;

/** Cuts the order into runs whose padded size is bounded; lengths rise within it. */
function* runs(order: readonly number[], tokens: readonly number[][]): Generator<number[]> {
  let run: number[] = [];
  for (const index of order) {
    if (run.length > 0 && (run.length + 1) * lengthAt(tokens, index) > tokensPerRun) {
      yield run;
      run = [];
    }
    run.push(index);
  }
  if (run.length > 0) yield run;
}

/** The mean over each text's tokens, scaled to length 1, is part of the model file. */
async function infer(tokens: readonly number[][]): Promise<Float32Array> {
  const longest = Math.max(...tokens.map(({ length }) => length));
  const ids = new BigInt64Array(tokens.length * longest);
  const mask = new BigInt64Array(tokens.length * longest);
  for (const [row, text] of tokens.entries()) {
    for (const [column, token] of text.entries()) {
      ids[row * longest + column] = BigInt(token);
      mask[row * longest + column] = 1n;
    }
  }
  const shape = [tokens.length, longest];
  const { embedding } = await session.run({
    input_ids: new Tensor('int64', ids, shape),
    attention_mask: new Tensor('int64', mask, shape),
  });
  return embedding?.data as Float32Array;
}

/** One question at a time, in their order; null ends the thread. */
let last: Promise<void> = Promise.resolve();
parentPort?.on('message', (question: Question | null) => {
  last = last.then(async () => {
    if (question) await answer(question);
    else {
      await session.release();
      parentPort?.close();
    }
  });
});

async function answer({ id, texts }: Question): Promise<void> {
  try {
    const vectors = await embed(texts);
    parentPort?.postMessage({ id, vectors } satisfies Answer, [vectors.buffer as ArrayBuffer]);
  } catch (error) {
    parentPort?.postMessage({ id, error: (error as Error).message } satisfies Answer);
  }
}
