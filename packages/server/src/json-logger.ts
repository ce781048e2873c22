import type { LogFields, Logger } from '@sallyport/core';

export interface JsonLoggerOptions {
  readonly now?: () => number;
  /** Which of several workers writes; absent where there is one process. */
  readonly worker?: number;
}

/** Writes one JSON object per line. Fields are an allow-list made by the caller; nothing is added from the environment. */
export function createJsonLogger(write: (line: string) => void, options: JsonLoggerOptions = {}): Logger {
  const { now = Date.now, worker } = options;
  const writeTime = createTimeWriter();
  const who = worker === undefined ? '' : `,"worker":${worker}`;
  const line =
    (level: 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields): void => {
      const head = `{"at":"${writeTime(now())}","level":"${level}"${who},"message":${JSON.stringify(message)}`;
      write(`${head},${JSON.stringify(fields).slice(1)}\n`);
    };
  return { info: line('info'), warn: line('warn'), error: line('error') };
}

/** Writes a time as ISO 8601. What was written last is kept: a busy process writes many lines in one millisecond. */
function createTimeWriter(): (milliseconds: number) => string {
  let at = Number.NaN;
  let written = '';
  let second = Number.NaN;
  let prefix = '';
  return (milliseconds) => {
    if (milliseconds === at) return written;
    const current = Math.floor(milliseconds / 1000);
    if (current !== second) {
      second = current;
      prefix = new Date(current * 1000).toISOString().slice(0, 20);
    }
    at = milliseconds;
    written = `${prefix}${String(milliseconds - current * 1000).padStart(3, '0')}Z`;
    return written;
  };
}
