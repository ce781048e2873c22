import type { Readable } from 'node:stream';

/** Hands on the lines of a process as wholes, so that those of several never run into one another. */
export function forwardWholeLines(from: Readable, write: (text: string) => void): void {
  let rest = '';
  from.setEncoding('utf8');
  from.on('data', (text: string) => {
    const end = text.lastIndexOf('\n') + 1;
    if (end === 0) {
      rest += text;
      return;
    }
    write(rest + text.slice(0, end));
    rest = text.slice(end);
  });
  from.once('end', () => {
    if (rest !== '') write(`${rest}\n`);
  });
}
