import type { Settings } from '../../../config.ts';
import { openMiniLm } from './minilm.ts';
import { openOpenAi } from './openai.ts';

/** Turns texts into vectors: texts of like meaning into vectors of like direction. */
export interface Embedder {
  /** The model. Vectors of different models cannot be compared. */
  name: string;
  /** How long each vector is. */
  dimensions(): Promise<number>;
  /**
   * A vector of length 1 for each text, in their order.
   * @throws STORE_UNAVAILABLE or STORE_TIMEOUT when there is no answer to be had, STORE_ERROR when a text is refused
   */
  embed(texts: readonly string[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** The embedder that the settings ask for. Nothing is loaded or connected before the first text. */
export function openEmbedder({ url, ...settings }: Settings['embeddings']): Embedder {
  return url ? openOpenAi({ ...settings, url }) : openMiniLm(settings);
}
