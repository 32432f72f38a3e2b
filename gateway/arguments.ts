import { codedError } from './errors.ts';

/** The longest page of a list. */
export const longestPage = 100;

/**
 * The one argument's value, when it is between 1 and `most`.
 * @throws BAD_USER_INPUT naming the argument
 */
export function between1And(most: number, argument: Record<string, number>): number {
  const [[name, value]] = Object.entries(argument) as [[string, number]];
  if (value >= 1 && value <= most) return value;
  throw codedError('BAD_USER_INPUT', `${name} must be between 1 and ${most}.`, { argument: [name] });
}
