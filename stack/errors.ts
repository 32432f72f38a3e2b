/** Why the stack could not do what was asked. The command line shows `message`, one line, and exits with a non-zero code. */
export type StackErrorCode =
  | 'ALREADY_RUNNING'
  | 'CORRUPT_DATA'
  | 'DISK_FULL'
  | 'INSTALL_FAILED'
  | 'JDK_MISSING'
  | 'KEEPS_DYING'
  | 'NOT_REACHABLE'
  | 'PORT_IN_USE'
  | 'PROGRAM_MISSING'
  | 'START_FAILED'
  | 'START_TIMEOUT'
  | 'STOPPING'
  | 'USAGE';

/** An expected failure: its message says in one line what is wrong and what to do next, so no stack trace is shown. */
export class StackError extends Error {
  readonly code: StackErrorCode;

  constructor(code: StackErrorCode, message: string) {
    super(message);
    this.name = 'StackError';
    this.code = code;
  }
}

/** The message of anything that was thrown; drivers throw aggregates with an empty message when a connection is refused. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message || error.name : String(error);
}
