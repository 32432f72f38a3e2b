const tellEveryMs = 10_000;
let toldAt = Number.NEGATIVE_INFINITY;

/** Progress: on a terminal one line that is written over, elsewhere a line now and then. */
export function tell(text: string): void {
  const { isTTY } = process.stderr;
  if (isTTY) process.stderr.write(`\r\x1b[2K${text}`);
  else if (performance.now() > toldAt + tellEveryMs) process.stderr.write(`${text}\n`);
  else return;
  toldAt = performance.now();
}

/** Prints a result where the progress was. */
export function show(text: string): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  console.log(`${text}\n`);
}
