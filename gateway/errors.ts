import { GraphQLError } from 'graphql';

/** Every error code that a client can meet, in one table: what it means, and whether the same call may succeed later. */
export const errorCodes = {
  /** The caller's input is wrong; `extensions.argument` is the path of the argument. */
  BAD_USER_INPUT: { retryable: false },
  /** The owner of the entity says that it does not exist. */
  NOT_FOUND: { retryable: false },
  /** The field needs a login. */
  UNAUTHENTICATED: { retryable: false },
  /** The viewer is known, but the field is not theirs or needs a scope that they lack. */
  FORBIDDEN: { retryable: false },
  /** The store cannot be reached, or is switched off. */
  STORE_UNAVAILABLE: { retryable: true },
  /** The store did not answer within its deadline or the request's. */
  STORE_TIMEOUT: { retryable: true },
  /** The store answered with an error of its own: a defect of the subgraph, told in full in the log only. */
  STORE_ERROR: { retryable: false },
  /** Anything unforeseen; told in full in the log only. */
  INTERNAL_SERVER_ERROR: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

export type ErrorCode = keyof typeof errorCodes;

/** What an error may say beside its code. */
export interface ErrorDetails {
  /** The store whose call failed. */
  store?: string;
  /** Path of the argument that is wrong, such as `['input', 'durationSeconds']`. */
  argument?: readonly PropertyKey[];
  cause?: unknown;
  retryable?: boolean;
}

/**
 * An error that clients see as it is.
 * @param code one of the table's codes; sets `extensions.code` and `extensions.retryable`
 * @param message what happened, in words for the developer of a frontend
 */
export function codedError(code: ErrorCode, message: string, details: ErrorDetails = {}): GraphQLError {
  const { cause, argument, store, retryable = errorCodes[code].retryable } = details;
  const extensions = {
    code,
    retryable,
    ...(store && { store }),
    ...(argument && { argument: argument.map(String) }),
  };
  return new GraphQLError(message, { extensions, originalError: cause instanceof Error ? cause : undefined });
}

export const notFound = (what: string, id: string) => codedError('NOT_FOUND', `There is no ${what} ${quoted(id)}.`);

/** The code of a coded error; undefined for any other value. */
export function codeOf(error: unknown): ErrorCode | undefined {
  const code = error instanceof GraphQLError ? error.extensions.code : undefined;
  return typeof code === 'string' && code in errorCodes ? (code as ErrorCode) : undefined;
}

/** A caller's text as an error message may repeat it: quoted, and cut so that a message stays a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
