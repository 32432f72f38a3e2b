import { drawBars } from './chart.ts';
import type { FigureName } from './figures.ts';
import type { Level } from './measure-page.ts';
import type { Table } from './section.ts';
import { digits, ratio } from './text.ts';

/**
 * A table of a page at one number of connections: what each side needed, and its ratio to the page by hand. By hand itself
 * has the ratio of its second measurement there, which tells what is noise.
 */
export function levelTable({ connections, blocks, operations, sides, comparisons }: Level): Table {
  const ratiosOf = (name: string) =>
    comparisons.find(({ over, under }) => over === (name === 'hand' ? 'again' : name) && under === 'hand')?.ratios;
  const rows = sides
    .filter(({ name }) => name !== 'again')
    .map(({ name, title, figures }) => {
      const ratios = ratiosOf(name);
      return [
        name === 'hand' ? 'by hand (ratios: A/A)' : title,
        ...[figures.p50, figures.p99, figures.rate, figures.cpu, figures.allCpu].map(digits),
        ...[ratios?.cpu, ratios?.allCpu, ratios?.p50, ratios?.p99, ratios?.rate].map((each) =>
          each ? ratio(each) : '',
        ),
      ];
    });
  return {
    title: `${connections} at once (${blocks} blocks of ${operations} requests a side; ms, requests a second)`,
    columns: [
      { title: '' },
      ...['p50', 'p99', '/s', 'CPU', 'all CPU'].map((title) => ({ title })),
      { title: 'CPU ÷ by hand', isWide: true },
      { title: 'all CPU ÷ by hand' },
      { title: 'p50 ÷ by hand' },
      { title: 'p99 ÷ by hand', isWide: true },
      { title: '/s ÷ by hand', isWide: true },
    ],
    rows,
  };
}

/** The comparisons that are not with the page by hand, of all numbers of connections. */
export function pairsTable(levels: readonly Level[]): Table {
  const titles = new Map(levels[0]?.sides.map(({ name, title }) => [name, title]));
  const rows = levels.flatMap(({ connections, comparisons }) =>
    comparisons
      .filter(({ under }) => under !== 'hand')
      .map(({ over, under, ratios }) => [
        `${titles.get(over)} ÷ ${titles.get(under)}, ${connections}`,
        ...[ratios.cpu, ratios.allCpu, ratios.p50, ratios.p99, ratios.rate].map(ratio),
      ]),
  );
  return {
    title: 'Like beside like: over the same HTTP subgraphs',
    columns: [
      { title: 'at once' },
      { title: 'CPU' },
      { title: 'all CPU', isWide: true },
      { title: 'p50' },
      { title: 'p99', isWide: true },
      { title: '/s', isWide: true },
    ],
    rows,
  };
}

/** The gateways' ratios to the page by hand: CPU of all processes and median time, at each number of connections. */
export function pageChart(title: string, levels: readonly Level[]): string {
  const gateways = levels[0]?.sides.filter(({ name }) => name !== 'hand' && name !== 'again') ?? [];
  const groupsOf = (label: string, figure: FigureName) =>
    levels.map(({ connections, comparisons }) => ({
      label: `${label}, ${connections} at once`,
      bars: gateways.flatMap(
        ({ name }) => comparisons.find(({ over, under }) => over === name && under === 'hand')?.ratios[figure] ?? [],
      ),
    }));
  return drawBars({
    title,
    unit: 'by hand',
    series: gateways.map(({ title }) => title),
    groups: [...groupsOf('all CPU', 'allCpu'), ...groupsOf('p50', 'p50')],
  });
}
