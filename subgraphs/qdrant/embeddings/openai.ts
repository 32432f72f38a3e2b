import * as z from 'zod';
import { chunks } from '../../../gateway/batches.ts';
import { readCredentials } from '../../../gateway/credentials.ts';
import { jsonRequest, placeholder, requestInShell } from '../../../gateway/json-request.ts';
import { createSeam } from '../../../gateway/seam.ts';
import { shellWord } from '../../../gateway/shell-word.ts';
import { isConnectionError } from '../outage.ts';
import type { Embedder } from './embedder.ts';

export interface OpenAiOptions {
  /** Where the API begins, such as `https://api.example.com/v1`. */
  url: string;
  model: string;
  apiKey: string | null;
  timeoutMs: number;
}

/** Small enough for every server of this protocol to answer within the deadline, large enough not to count its way. */
const textsPerRequest = 64;

const reply = z.object({
  data: z.array(z.object({ index: z.int().nonnegative(), embedding: z.array(z.number()).nonempty() })),
});

/** An answer that is no vectors: what the server said is the reason. */
class Refusal extends Error {
  readonly status: number;
  constructor(status: number, body: string) {
    super(`HTTP ${status}: ${body.slice(0, 200)}`);
    this.status = status;
  }
}

/**
 * An endpoint that speaks OpenAI's protocol (https://platform.openai.com/docs/api-reference/embeddings). A user and password in
 * its URL are sent as such, unless there is a key.
 */
export function openOpenAi({ url, model, apiKey, timeoutMs }: OpenAiOptions): Embedder {
  const api = readCredentials('EMBEDDINGS_URL', url);
  const endpoint = `${api.url.replace(/\/$/, '')}/embeddings`;
  const seam = createSeam({
    ...{ store: 'embeddings', timeoutMs, isOutage },
    inShell: (text, parameters) => withCurl(requestInShell(text, parameters), { endpoint, isKeyed: apiKey !== null }),
  });
  const { text: statement, bodyOf } = jsonRequest('POST /embeddings', {
    ...{ model, input: placeholder('texts'), encoding_format: 'float' },
  });
  const bearer = apiKey && { authorization: `Bearer ${apiKey}` };
  const headers = { 'content-type': 'application/json', ...api.headers, ...bearer };
  let knownDimensions: number | undefined;

  const ask = (texts: readonly string[]) =>
    seam({ text: statement, parameters: { texts }, isRead: true }, async (signal) => {
      const body = JSON.stringify(bodyOf({ texts }));
      const response = await fetch(endpoint, { method: 'POST', headers, body, signal });
      const text = await response.text();
      if (!response.ok) throw new Refusal(response.status, text);
      return vectorsOf(text, texts.length);
    });

  async function embed(texts: readonly string[]): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (const chunk of chunks(texts, textsPerRequest)) vectors.push(...(await ask(chunk)));
    return vectors;
  }

  return {
    name: model,
    async dimensions() {
      knownDimensions ??= (await embed(['How many numbers does this model give?']))[0]?.length as number;
      return knownDimensions;
    },
    embed,
    close: async () => {},
  };
}

/** A request as a command of curl; who pastes it has the key in the environment. */
function withCurl(request: string, { endpoint, isKeyed }: { endpoint: string; isKeyed: boolean }): string {
  const body = request.slice(request.indexOf('\n') + 1);
  const key = isKeyed ? ' -H "authorization: Bearer $EMBEDDINGS_API_KEY"' : '';
  return `curl ${shellWord(endpoint)} -H 'content-type: application/json'${key} -d ${shellWord(body)}`;
}

/**
 * Reads an answer; each vector tells which text is its own.
 * @throws when there is not one vector for each text, all of the same length
 */
function vectorsOf(text: string, count: number): Float32Array[] {
  const { data } = reply.parse(JSON.parse(text));
  const byIndex = new Map(data.map(({ index, embedding }) => [index, embedding]));
  const vectors = Array.from({ length: count }, (_, index) => unit(byIndex.get(index) ?? []));
  const lengths = new Set(vectors.map(({ length }) => length));
  if (data.length !== count || lengths.size !== 1 || lengths.has(0)) {
    throw new Error(`${count} texts got ${data.length} vectors, of lengths ${[...lengths].join(', ')}`);
  }
  return vectors;
}

/** Models differ in whether their vectors have length 1. */
function unit(numbers: readonly number[]): Float32Array {
  const length = Math.hypot(...numbers);
  if (numbers.length > 0 && !(length > 0 && length < Number.POSITIVE_INFINITY))
    throw new Error('a vector has no direction');
  return Float32Array.from(numbers, (number) => number / length);
}

/** No answer, too many requests, or a server that cannot: it may go better later. Anything else is about these texts. */
function isOutage(error: unknown): boolean {
  if (error instanceof Refusal) return error.status === 429 || error.status >= 500;
  return isConnectionError(error);
}
