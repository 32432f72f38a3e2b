import * as z from 'zod';

/** A client's clock may be this far ahead. */
const clockSkewMs = 5_000;

/** When something happened: not in the future, and not before the oldest data that is loaded (ratings of the nineties). */
export const pastInstant = z
  .date()
  .min(new Date('1990-01-01'), 'is before the year 1990')
  .refine((at) => at.getTime() <= Date.now() + clockSkewMs, 'is in the future');
