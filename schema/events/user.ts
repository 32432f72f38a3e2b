import * as z from 'zod';

/** Somebody signed up. Carries no e-mail address: events are kept for long and read by many. */
export const userSignedUp = z.object({
  userId: z.string(),
  name: z.string(),
  createdAt: z.iso.datetime(),
});

/** What somebody tells of themselves, whole, as it is now. */
export const profileChanged = z.object({
  userId: z.string(),
  bio: z.string(),
  links: z.array(z.object({ title: z.string(), url: z.string() })),
  /** Tags, as those of films and posts. */
  interests: z.array(z.string()),
  changedAt: z.iso.datetime(),
});
