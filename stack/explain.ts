import { tellsOfFullDisk } from './disk.ts';
import { StackError } from './errors.ts';
import { logFileOf, readLogTail, tellingLine } from './log.ts';
import type { Process } from './server.ts';

interface Death {
  /** How it ended: an exit code or a signal. */
  how: string;
  logOffset: number;
  /** Whether its data folder held data before this start. */
  hadData: boolean;
}

interface Silence {
  /** What became of the last readiness query. */
  reason: string;
  afterMs: number;
  logOffset: number;
}

/** Why a process died while it started, as one line that says what to do. */
export function explainDeath(home: string, { name, dataFolder }: Process, death: Death): StackError {
  const log = readLogTail(home, name, death.logOffset);
  const file = logFileOf(home, name);
  if (tellsOfFullDisk(log)) {
    return new StackError(
      'DISK_FULL',
      `${name} stopped while starting: the disk that holds ${home} is full. Free some space (log: ${file})`,
    );
  }
  if (/address already in use|EADDRINUSE/i.test(log)) {
    return new StackError('PORT_IN_USE', `${name} stopped while starting: "${tellingLine(log)}" (log: ${file})`);
  }
  const ending = `${name} stopped while starting (${death.how}): "${tellingLine(log)}" (log: ${file})`;
  if (death.hadData) {
    return new StackError(
      'CORRUPT_DATA',
      `${ending}. If its data is damaged, restore ${dataFolder} from a backup, or delete this profile's data: npm run stack -- reset`,
    );
  }
  return new StackError('START_FAILED', ending);
}

/** A process that lives but does not answer in time. */
export function explainTimeout(home: string, { name }: Process, { reason, afterMs, logOffset }: Silence): StackError {
  const log = tellingLine(readLogTail(home, name, logOffset));
  return new StackError(
    'START_TIMEOUT',
    `${name} did not answer within ${afterMs / 1000} s: ${reason}. Its log: "${log}" (${logFileOf(home, name)})`,
  );
}

/** A server elsewhere, named in the environment, that does not answer. */
export function explainUnreachable({ name, externalBy }: Process, reason: string): StackError {
  return new StackError(
    'NOT_REACHABLE',
    `${name} does not answer where ${externalBy} points: ${reason}. Correct it, or unset it to have one started here`,
  );
}
