const leastRounds = 5;
const smaller = 10;

/** Sizes a count of requests, events or seconds: fewer rounds than five are a trial, which shows in a minute that all of it runs. */
export const sizing =
  (rounds: number) =>
  (full: number, least = 1): number =>
    rounds >= leastRounds ? full : Math.max(least, Math.round(full / smaller));

/** What takes long is repeated less often. */
export const repeatsFor = (rounds: number): number => Math.min(3, rounds);
