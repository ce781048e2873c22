import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '@sallyport/core';
import { createJsonLogger, createLineWriter, openFileOutput } from '@sallyport/server';

/** A logger that writes to a real file, as a supervisor would collect it, and how many lines it has written. */
export interface FileLog {
  readonly logger: Logger;
  readonly lines: () => number;
}

/** The logger of the gateway's own process on a temporary file, which goes when the process ends. */
export function createFileLog(): FileLog {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const file = openSync(join(folder, 'access.log'), 'a');
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  let lines = 0;
  const writer = createLineWriter(openFileOutput(file));
  const logger = createJsonLogger((line) => {
    lines += 1;
    writer.write(line);
  });
  return { logger, lines: () => lines };
}
