import { clearLine, cursorTo } from 'node:readline';
import type { WriteStream } from 'node:tty';

/** Lines that stay, above one line that changes. */
export interface Terminal {
  /** Shows the line that changes. */
  show(text: string): void;
  /** Prints a line that stays. */
  print(line: string): void;
  /** Takes the changing line away. */
  end(): void;
}

const plainEveryMs = 5_000;

/** On a terminal the last line is drawn anew and cut to the terminal's width; elsewhere it is printed every five seconds. */
export function createTerminal(stream: WriteStream): Terminal {
  let last = '';
  let printedAt = Number.NEGATIVE_INFINITY;
  const wipe = () => {
    if (last === '') return;
    cursorTo(stream, 0);
    clearLine(stream, 0);
  };
  const draw = () => stream.write(last.slice(0, Math.max(stream.columns - 1, 1)));

  return {
    show(text) {
      if (stream.isTTY) {
        wipe();
        last = text;
        draw();
      } else if (performance.now() - printedAt >= plainEveryMs) {
        stream.write(`${text}\n`);
        printedAt = performance.now();
      }
    },
    print(line) {
      wipe();
      stream.write(`${line}\n`);
      if (last !== '') draw();
    },
    end() {
      wipe();
      last = '';
    },
  };
}
