/**
 * A text as one word of a Unix shell's command line, whatever is in it (POSIX.1-2024, Shell Command Language, 2.2.2: between
 * single quotes every character stands for itself).
 */
export const shellWord = (text: string): string =>
  /^[\w./:=,@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
