import * as z from 'zod';

/** Somebody signed up. Carries no e-mail address: events are kept for long and read by many. */
export const userSignedUp = z.object({
  userId: z.string(),
  name: z.string(),
  createdAt: z.iso.datetime(),
});
