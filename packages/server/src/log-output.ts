import { fstatSync, writeSync } from 'node:fs';
import type { LineWriterParts } from './line-writer.ts';

/** Standard output or standard error. */
type StandardStream = NodeJS.WriteStream & { readonly fd: number };

const lineEnd = 10;

/** More than most batches of a line writer need. */
const keptBytes = 262_144;

/** Bytes of one UTF-16 code unit in UTF-8, at most. */
const longestCharacter = 3;

/**
 * Makes the output of log lines of a standard stream, for `createLineWriter`.
 *
 * A log that cannot be written (a full disk, a reader that died) never ends the process: its lines are lost and counted,
 * and the next ones are tried again. `process.stdout` alone would stay shut after its first error, and an error that no
 * listener takes ends the process.
 */
export function openLogOutput(stream: StandardStream): LineWriterParts {
  // Also for what is written past this output.
  stream.on('error', () => {});
  return isFile(stream.fd) ? openFileOutput(stream.fd) : outputToStream(stream);
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}

/**
 * The same for a file by its descriptor. Node writes standard output to a file before it goes on; so does this.
 *
 * @param descriptor a file that is open for writing.
 */
export function openFileOutput(descriptor: number): LineWriterParts {
  // Kept: memory of this size that is new each time costs as much as the lines.
  const kept = Buffer.allocUnsafeSlow(keptBytes);
  let isTorn = false;
  const write = (text: string): number => {
    // What did not fit ended in the middle of a line.
    const whole = isTorn ? `\n${text}` : text;
    const bytes =
      whole.length * longestCharacter <= keptBytes ? kept.subarray(0, kept.write(whole)) : Buffer.from(whole);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(descriptor, bytes, written);
      isTorn = false;
      return 0;
    } catch {
      if (written > 0) isTorn = bytes[written - 1] !== lineEnd;
      return countLines(bytes.subarray(written));
    }
  };
  return {
    write: (text, onLost) => {
      onLost(write(text));
      return true;
    },
    onDrain: (resume) => resume(),
    writeNow: (text) => void write(text),
  };
}

function outputToStream(stream: StandardStream): LineWriterParts {
  return {
    write: (text, onLost) => {
      const isTaken = stream.write(text, (error) => {
        if (error) onLost(countLines(Buffer.from(text)));
      });
      // A stream that broke has nothing to wait for.
      return isTaken || stream.errored !== null;
    },
    onDrain: (resume) => {
      const go = (): void => {
        stream.off('drain', go);
        stream.off('error', go);
        resume();
      };
      stream.on('drain', go);
      stream.on('error', go);
    },
    writeNow: (text) => {
      try {
        writeSync(stream.fd, text);
      } catch {
        // The process ends, and this was its log.
      }
    },
  };
}

function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === lineEnd) count += 1;
  return count;
}
