import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { Bad } from './problems.ts';

/** A place between two lines of a file. */
export interface Place {
  /** Bytes before it. */
  offset: number;
  /** The number of the line that begins there; the first is 1. */
  line: number;
}

/** A line without its end, and its number; a line that cannot be read is `Bad`. */
export interface Line {
  number: number;
  text: string | Bad;
}

export interface LineChunk {
  lines: Line[];
  /** Behind the last line of the chunk: where to go on. */
  end: Place;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
/** No row of MovieLens comes near it; a file without line ends must not be read into memory. */
const maxLineBytes = 65_536;

/**
 * Reads a file's lines from a place on, `size` at a time; blank ones are left out. A line ends at a line feed whatever
 * quotes stand in it, so that one stray quote spoils one row and not the rest of the file.
 */
export async function* readLines(path: string, from: Place, size: number): AsyncGenerator<LineChunk> {
  let { offset, line } = from;
  let lines: Line[] = [];
  let carry: Buffer = Buffer.alloc(0);
  /** Bytes of the present line that were dropped, because it is too long. */
  let droppedBytes = 0;

  const take = (bytes: Buffer, endBytes: number) => {
    const text = droppedBytes > 0 || bytes.length > maxLineBytes ? new Bad('tooLong') : textOf(bytes);
    if (text !== '') lines.push({ number: line, text });
    offset += droppedBytes + bytes.length + endBytes;
    line += 1;
    droppedBytes = 0;
  };

  for await (const piece of createReadStream(path, { start: offset }) as AsyncIterable<Buffer>) {
    const bytes = carry.length > 0 ? Buffer.concat([carry, piece]) : piece;
    let begin = 0;
    for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, begin)) {
      take(bytes.subarray(begin, end), 1);
      begin = end + 1;
      if (lines.length < size) continue;
      yield { lines, end: { offset, line } };
      lines = [];
    }
    carry = bytes.subarray(begin);
    if (carry.length <= maxLineBytes) continue;
    droppedBytes += carry.length;
    carry = Buffer.alloc(0);
  }
  if (carry.length > 0 || droppedBytes > 0) take(carry, 0);
  if (lines.length > 0) yield { lines, end: { offset, line } };
}

function textOf(bytes: Buffer): string | Bad {
  const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length;
  const text = bytes.subarray(0, end);
  return isUtf8(text) ? text.toString('utf8') : new Bad('notUtf8');
}
