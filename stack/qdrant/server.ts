import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { QdrantClient } from '@qdrant/js-client-rest';
import { installPackages, pythonIn } from '../python.ts';
import type { Server } from '../server.ts';
import { installModel } from './model.ts';

const here = (name: string) => join(import.meta.dirname, name);

/**
 * Qdrant: the real engine, from the Python package qdrant-edge-py, behind the REST front in rest/. With it comes the model
 * that makes the vectors, since what fills Qdrant cannot do without.
 */
export const server: Server = {
  name: 'qdrant',
  urlVariable: 'QDRANT_URL',
  ports: ({ port }) => [port('qdrant')],

  async install({ lib, settings }) {
    await installPackages('qdrant', lib, here('requirements.txt'));
    await installModel(settings.embeddings);
  },

  async prepare({ data }) {
    await mkdir(data, { recursive: true });
  },

  command: ({ lib, data, port }) => ({
    program: pythonIn(lib),
    // -B: no compiled files beside the sources.
    args: ['-B', here('rest/main.py'), String(port('qdrant')), data],
  }),

  async ready({ qdrant }) {
    const client = new QdrantClient({ url: qdrant.url, timeout: qdrant.timeoutMs, checkCompatibility: false });
    try {
      await client.getCollections();
    } catch (error) {
      // `fetch failed` says nothing; its cause does.
      throw (error as Error).cause ?? error;
    }
  },

  readyWithinSeconds: 60,
  // The front finishes the running requests, and flushes.
  stop: { signal: 'SIGTERM', graceSeconds: 15 },
};
