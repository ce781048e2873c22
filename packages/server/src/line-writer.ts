/** Batches log lines: one write for many requests instead of one each. */
export interface LineWriter {
  readonly write: (line: string) => void;
  /** Writes the pending lines before it returns. For the end of the process. */
  readonly flush: () => void;
  /** How many lines were lost since the start: to a reader that stands still, a full disk, or a reader that died. */
  readonly lostLines: () => number;
}

export interface LineWriterParts {
  /**
   * Writes, at once or later, and never throws; the answer `false` asks to wait for `onDrain`. Tells how many lines, of
   * the last ones of the text, could not be written.
   */
  readonly write: (text: string, onLost: (lines: number) => void) => boolean;
  readonly onDrain: (resume: () => void) => void;
  /** Writes before it returns, and never throws. */
  readonly writeNow: (text: string) => void;
}

/** The metric of `lostLines`. */
export const lostLogLinesMetric = {
  name: 'sallyport_log_lines_lost',
  help: 'Lines of the log that could not be written since the start',
} as const;

/** A reader that does not keep up must not fill the memory: beyond this, lines are counted instead of kept. */
const maximumWaitingCharacters = 8_000_000;

/** How long a batch is collected. A process that is killed loses its batch; security events do not come this way. */
const batchMilliseconds = 20;

/** A batch of this size is flushed at once. */
const batchCharacters = 65_536;

/** Builds a writer of log lines. Lines that are lost are counted, and the next one that is written says how many. */
export function createLineWriter({ write, onDrain, writeNow }: LineWriterParts): LineWriter {
  let waiting = '';
  let lost = 0;
  let lostAtAll = 0;
  let isScheduled = false;
  let isBlocked = false;

  const take = (): { readonly text: string; readonly reported: number } => {
    const reported = lost;
    const report = { level: 'warn', message: 'log lines lost', event: 'log-lines-lost', lost: reported };
    const text = reported === 0 ? waiting : `${waiting}${JSON.stringify(report)}\n`;
    waiting = '';
    lost = 0;
    return { text, reported };
  };
  const lose = (lines: number): void => {
    lost += lines;
    lostAtAll += lines;
  };
  const flushBatch = (): void => {
    isScheduled = false;
    if (isBlocked || waiting === '') return;
    const { text, reported } = take();
    const onLost = (lines: number): void => {
      if (lines === 0) return;
      // The last line was the report of those before.
      lose(reported === 0 ? lines : lines - 1);
      lost += reported;
    };
    if (write(text, onLost)) return;
    isBlocked = true;
    onDrain(() => {
      isBlocked = false;
      flushBatch();
    });
  };

  return {
    write: (line) => {
      if (waiting.length > maximumWaitingCharacters) {
        lose(1);
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
      if (waiting !== '' || lost > 0) writeNow(take().text);
    },
    lostLines: () => lostAtAll,
  };
}
