import type { Settings } from '../config.ts';

/** One series of a scrape, with its value. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** Where the roles of a stack tell their metrics. */
export const metricsUrls = ({ gateway, workers }: Settings) => ({
  gateway: `http://${gateway.host}:${gateway.port}/metrics`,
  workers: `http://${workers.host}:${workers.port}/metrics`,
});

/** Scrapes as Prometheus does. */
export async function scrapeFrom(url: string): Promise<Sample[]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return readSamples(await response.text());
}

/**
 * Reads Prometheus' text format.
 * @throws Error that shows a line which is none of its
 */
export const readSamples = (text: string): Sample[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(readLine);

const labelPair = /(?<label>[a-zA-Z_]\w*)="(?<value>(?:[^"\\]|\\.)*)",?/g;

function readLine(line: string): Sample {
  const [, name, labels = '', value] =
    /^([a-zA-Z_:][\w:]*)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$/.exec(line) ?? [];
  // A mean of nothing is NaN, as that of the event loop's lag is right after a scrape.
  const isNumber = value !== undefined && (/^nan$/i.test(value) || !Number.isNaN(Number(value)));
  if (!name || !isNumber) throw new Error(`no sample: ${line}`);
  const pairs = [...labels.matchAll(labelPair)].map(({ groups }) => [groups?.label, groups?.value]);
  return { name, labels: Object.fromEntries(pairs), value: Number(value) };
}

/** The sum of the series that have these labels, among others; undefined where there is none. */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}
