import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';
import type { Settings } from '../config.ts';
import { ownResidentBytes, residentBytes } from './memory.ts';
import { family } from './proc.ts';
import { type ProcessRecord, readRecords } from './record.ts';
import { type Process, serverProcesses } from './server.ts';

interface Row {
  name: string;
  state: string;
  pid: string;
  port: string;
  uptime: string;
  megabytes: string;
}

const answerWithinMs = 3_000;
const titles: Row = { name: 'NAME', state: 'STATE', pid: 'PID', port: 'PORT', uptime: 'UPTIME', megabytes: 'MB' };

/** A table of a profile's processes, told by their records, /proc and a query to each server; at most 80 columns wide. */
export async function statusTable(settings: Settings): Promise<string> {
  const records = readRecords(settings.home);
  const servers = await serverProcesses(settings);
  const roles = records.filter(({ name }) => !servers.some((server) => server.name === name));
  const serverRows = servers.map((server) =>
    serverRow(
      server,
      records.find(({ name }) => name === server.name),
    ),
  );
  const rows = [...(await Promise.all(serverRows)), ...roles.map((record) => row(record, 'running'))];
  const total: Row = {
    name: 'total',
    state: '',
    pid: '',
    port: '',
    uptime: '',
    megabytes: megabytes(totalResidentBytes(settings)),
  };
  return [styleText('bold', line(titles)), ...rows.map(line), line(total)].join('\n');
}

/** Resident memory of all that runs in a profile, the supervisor included. */
export function totalResidentBytes({ home }: Settings): number {
  const pids = readRecords(home).map(({ pid }) => pid);
  // The supervisor is an ancestor of most of the others: each process is counted once.
  const all = new Set(pids.flatMap(family));
  return [...all].reduce((sum, pid) => sum + ownResidentBytes(pid), 0);
}

async function serverRow(server: Process, record: ProcessRecord | undefined): Promise<Row> {
  if (!record && !server.externalBy) return { ...row(undefined, 'stopped'), name: server.name };
  const answers = await Promise.race([
    server.ready().then(
      () => true,
      () => false,
    ),
    sleep(answerWithinMs, false, { ref: false }),
  ]);
  if (server.externalBy) return { ...row(undefined, answers ? 'elsewhere' : 'silent'), name: server.name };
  return row(record, answers ? 'ready' : 'silent');
}

function row(record: ProcessRecord | undefined, state: string): Row {
  if (!record) return { name: '', state, pid: '-', port: '-', uptime: '-', megabytes: '-' };
  return {
    name: record.name,
    state,
    pid: String(record.pid),
    port: String(record.ports[0] ?? '-'),
    uptime: duration(Date.now() - Date.parse(record.startedAt)),
    megabytes: megabytes(record.name === 'supervisor' ? ownResidentBytes(record.pid) : residentBytes(record.pid)),
  };
}

function line({ name, state, pid, port, uptime, megabytes }: Row): string {
  const columns = [
    name.padEnd(14),
    state.padEnd(10),
    pid.padStart(8),
    port.padStart(6),
    uptime.padStart(9),
    megabytes.padStart(6),
  ];
  return columns.join('  ');
}

const megabytes = (bytes: number) => String(Math.round(bytes / 1e6));

function duration(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return `${Math.floor(milliseconds / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
