/** Batches log lines: one write for many requests instead of one each. */
export interface LineWriter {
  readonly write: (line: string) => void;
  /** Writes the pending lines before it returns. For the end of the process. */
  readonly flush: () => void;
}

export interface LineWriterParts {
  /** Writes asynchronously; the answer `false` asks to wait for `onDrain`. */
  readonly write: (text: string) => boolean;
  readonly onDrain: (resume: () => void) => void;
  /** Writes before it returns. */
  readonly writeNow: (text: string) => void;
}

/** A reader that does not keep up must not fill the memory: beyond this, lines are counted instead of kept. */
const maximumWaitingCharacters = 8_000_000;

/** How long a batch is collected. A process that is killed loses its batch; security events do not come this way. */
const batchMilliseconds = 20;

/** A batch of this size is flushed at once. */
const batchCharacters = 65_536;

/** Builds a writer of log lines. When the reader falls too far behind, a line says how many were lost. */
export function createLineWriter({ write, onDrain, writeNow }: LineWriterParts): LineWriter {
  let waiting = '';
  let lost = 0;
  let isScheduled = false;
  let isBlocked = false;

  const take = (): string => {
    const text =
      lost === 0
        ? waiting
        : `${waiting}${JSON.stringify({ level: 'warn', message: 'log lines lost', event: 'log-lines-lost', lost })}\n`;
    waiting = '';
    lost = 0;
    return text;
  };
  const flushBatch = (): void => {
    isScheduled = false;
    if (isBlocked || waiting === '') return;
    if (write(take())) return;
    isBlocked = true;
    onDrain(() => {
      isBlocked = false;
      flushBatch();
    });
  };

  return {
    write: (line) => {
      if (waiting.length > maximumWaitingCharacters) {
        lost += 1;
        return;
      }
      waiting += line;
      if (waiting.length > batchCharacters) flushBatch();
      else if (!isScheduled) {
        isScheduled = true;
        setTimeout(flushBatch, batchMilliseconds).unref();
      }
    },
    flush: () => {
      if (waiting !== '' || lost > 0) writeNow(take());
    },
  };
}
