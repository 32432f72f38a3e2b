import { Registry } from 'prom-client';

/** Every metric of this process: its event loop, its heap and the channels that are counted are the process' as well. */
export const registry = new Registry();

/** Bounds that tell a cache's answer from a page's, and a page's from one that gave up: 1 ms to 10 s. */
export const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
