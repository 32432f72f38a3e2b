import * as z from 'zod';
import { checkInput } from '../../gateway/input.ts';
import { idOf, requireViewer } from '../../gateway/room.ts';
import { createUpload } from './commands.ts';
import { mediaOf, uploadsById } from './queries.ts';
import type { RoomContext } from './store.ts';
import type { Resolvers } from './types.generated.ts';
import { handedOut, keyOfUpload, type UploadedFile } from './upload.ts';

const posterSeconds = 3_600;
const [shortestSeconds, longestSeconds] = [60, 86_400];
const bounds = `is between ${shortestSeconds} and ${longestSeconds}`;
const lifetime = z.object({ expiresInSeconds: z.int().min(shortestSeconds, bounds).max(longestSeconds, bounds) });

export const resolvers: Resolvers = {
  Mutation: {
    async createUpload(_, { input }, { store, request }) {
      const { userId } = await requireViewer(request);
      return await createUpload(store, { ...input, userId });
    },
  },
  Movie: {
    async posterUrl(movie, _args, context) {
      const { poster } = await context.load(mediaOf, idOf(movie));
      return poster && context.store.sign(poster, posterSeconds);
    },
    async streamingUrl(movie, args, context) {
      const { expiresInSeconds } = checkInput(lifetime, args, []);
      const { video } = await context.load(mediaOf, idOf(movie));
      return video && context.store.sign(video, expiresInSeconds);
    },
  },
  Upload: {
    async url(upload, args, context) {
      const { expiresInSeconds } = checkInput(lifetime, args, []);
      const file = await fileOf(upload, context);
      return await context.store.sign(keyOfUpload(file.id), expiresInSeconds, handedOut(file));
    },
    contentType: async (upload, _, context) => (await fileOf(upload, context)).contentType,
    sizeBytes: async (upload, _, context) => (await fileOf(upload, context)).sizeBytes,
  },
};

/** An upload as `createUpload` has announced it, or as it is looked up where only the id is known. */
async function fileOf(upload: { id?: string }, { load }: RoomContext): Promise<UploadedFile> {
  return 'contentType' in upload ? (upload as UploadedFile) : await load(uploadsById, idOf(upload));
}
