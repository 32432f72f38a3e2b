import { styleText } from 'node:util';
import type { Finding } from './finding.ts';
import { holds, type Report } from './run.ts';

const widthOfTerminal = 100;

/** The report for people, in at most 100 columns; in colour where the terminal wants it (https://no-color.org). */
export function textOf(report: Report, stream: NodeJS.WritableStream): string {
  const style = (format: 'green' | 'red' | 'yellow' | 'dim' | 'bold', text: string) =>
    styleText(format, text, { stream });
  const marks = { ok: style('green', '✓'), warning: style('yellow', '!'), error: style('red', '✗') };
  const lines = [...wrap(`Compared with ${report.base}.`, ''), ''];
  for (const { title, durationMs, findings } of report.checks) {
    const worst = findings.some(({ level }) => level === 'error') ? 'error' : findings.length > 0 ? 'warning' : 'ok';
    const time = `${Math.round(durationMs)} ms`;
    lines.push(`${marks[worst]} ${title.padEnd(widthOfTerminal - 12)} ${style('dim', time.padStart(8))}`);
    for (const [index, finding] of findings.entries()) {
      const [first = '', ...rest] = wrap(finding.message, '    ');
      lines.push('', `  ${marks[finding.level]} ${first.trimStart()}`, ...rest);
      const place = placeOf(finding);
      if (place) lines.push(`    ${style('dim', place)}`);
      // Said once for those that follow each other.
      if (finding.hint && finding.hint !== findings[index + 1]?.hint) lines.push(...wrap(`→ ${finding.hint}`, '    '));
    }
    if (findings.length > 0) lines.push('');
  }
  return `${[...lines, '', style('bold', verdictOf(report))].join('\n')}\n`;
}

function verdictOf(report: Report): string {
  const all = report.checks.flatMap(({ findings }) => findings);
  const count = (level: Finding['level'], word: string) => {
    const number = all.filter((finding) => finding.level === level).length;
    return number > 0 ? [`${number} ${word}${number === 1 ? '' : 's'}`] : [];
  };
  const counts = [...count('error', 'error'), ...count('warning', 'warning')].join(', ');
  return `${holds(report) ? 'The contract holds' : 'The contract is broken'}${counts && `: ${counts}`}.`;
}

const placeOf = ({ file, line }: Finding): string | undefined => file && (line ? `${file}:${line}` : file);

/** Breaks text at spaces; its own line breaks stay. A word that is longer than a line has one of its own. */
function wrap(text: string, indent: string): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    for (const word of paragraph.split(' ')) {
      const last = lines.at(-1);
      if (last !== undefined && `${last} ${word}`.length <= widthOfTerminal)
        lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(`${indent}${word}`);
    }
    return lines;
  });
}

/** The report for programs. */
export const jsonOf = (report: Report): string => `${JSON.stringify({ holds: holds(report), ...report }, null, 2)}\n`;

/**
 * The findings as workflow commands, which GitHub shows beside the lines that they are about
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
 */
export const annotationsOf = ({ checks }: Report): string =>
  checks
    .flatMap(({ title, findings }) => findings.map((finding) => annotationOf(finding, title)))
    .map((line) => `${line}\n`)
    .join('');

function annotationOf({ level, file, line, message, hint }: Finding, title: string): string {
  const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const properties = [
    ...(file ? [`file=${property(file)}`] : []),
    ...(line ? [`line=${line}`] : []),
    `title=${property(title)}`,
  ];
  return `::${level} ${properties.join(',')}::${data(hint ? `${message}\n${hint}` : message)}`;
}
