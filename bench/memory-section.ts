import type { Settings } from '../config.ts';
import { residentBytes } from '../stack/memory.ts';
import { readRecords } from '../stack/record.ts';
import type { Section } from './section.ts';
import type { Sides } from './sides.ts';

/**
 * Resident memory of each server, of the roles that the stack runs, and of the processes that were measured: read when the pages
 * have been measured. Pages that processes share are divided among them (proportional set size).
 */
export function memorySection({ home }: Settings, { children }: Pick<Sides, 'children'>): Section {
  const stack = readRecords(home)
    .filter(({ name }) => name !== 'supervisor')
    .map(({ name, pid }) => ({ process: name, where: 'stack', bytes: residentBytes(pid) }));
  const measured = [...children].map(([process, { pid }]) => ({
    ...{ process, where: 'bench', bytes: residentBytes(pid) },
  }));
  const figures = [...stack, ...measured].sort((a, b) => b.bytes - a.bytes);
  const total = stack.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    ...{ name: 'memory', title: 'Memory after the pages were measured', figures },
    tables: [
      {
        title: 'Resident memory by process',
        columns: [{ title: 'process' }, { title: 'of' }, { title: 'MB' }],
        rows: figures.map(({ process, where, bytes }) => [process, where, megabytes(bytes)]),
      },
    ],
    remarks: [`All servers and roles of the stack together: ${megabytes(total)} MB.`],
  };
}

const megabytes = (bytes: number) => String(Math.round(bytes / 1e6));
