import { codedError } from './errors.ts';
import type { OpenedRooms } from './open.ts';
import type { Uploads } from './request.ts';

const off = () =>
  codedError('STORE_UNAVAILABLE', 'Uploads are switched off here: their store does not run.', {
    store: 's3',
    retryable: false,
  });

/** Where no room keeps uploads, whoever needs one learns why there is none. */
export const noUploads: Uploads = {
  find: async () => {
    throw off();
  },
  // biome-ignore lint/correctness/useYield: it has nothing to give
  async *storedBefore() {
    throw off();
  },
  remove: async () => {
    throw off();
  },
};

/** The uploads that one of the rooms keeps. */
export const uploadsOf = ({ list }: OpenedRooms): Uploads =>
  list.find(({ open }) => open?.uploads)?.open?.uploads ?? noUploads;
