import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from './environment.ts';
import type { Section } from './section.ts';
import { markdownText } from './text.ts';

/**
 * Writes the report for people, the figures for programs and the chart.
 * @returns the report's file
 */
export function writeReport(folder: string, environment: Environment, sections: readonly Section[]): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'REPORT.md');
  const chart = sections.find(({ chart }) => chart)?.chart;
  writeFileSync(file, reportText(environment, sections, chart !== undefined));
  const figures = Object.fromEntries(sections.map(({ name, figures }) => [name, figures]));
  writeFileSync(join(folder, 'figures.json'), `${JSON.stringify({ environment, figures }, null, 2)}\n`);
  if (chart) writeFileSync(join(folder, 'chart.svg'), chart);
  return file;
}

function reportText(environment: Environment, sections: readonly Section[], hasChart: boolean): string {
  const { measuredAt, cpu, cores, memoryGb, system, node, dataOf, versions } = environment;
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const head = [
    '# Measured',
    'Written by `npm run bench`; [README.md](../README.md) says how it is measured and how to read it.',
    [
      `- ${measuredAt.slice(0, 16).replace('T', ' ')} UTC, demo data of ${dataOf.slice(0, 16).replace('T', ' ')} UTC`,
      `- ${cores} cores of ${cpu}, ${memoryGb} GB, ${system}`,
      `- Node ${node}, ${packages.join(', ')}`,
    ].join('\n'),
    hasChart
      ? '![Each gateway’s CPU time and median time for the movie page, divided by that of the page by hand](chart.svg)'
      : '',
  ];
  return `${[...head, ...sections.map(markdownText)].filter(Boolean).join('\n\n')}\n`;
}
