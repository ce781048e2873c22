import type { CommandCall } from '@sallyport/core';

/** Tells a person how far an import is, on one line that is written over. */
export interface ImportProgress {
  /** How many records are done, and how much of the file is read. */
  update(records: number, readBytes: number): void;
  end(): void;
}

const intervalMilliseconds = 200;

/** @param totalBytes size of the file; 0 when it is not known. */
export function createImportProgress(
  { showProgress }: Pick<CommandCall, 'showProgress'>,
  totalBytes: number,
): ImportProgress {
  const begun = performance.now();
  let shownAt = begun;
  return {
    update(records, readBytes) {
      const now = performance.now();
      if (now - shownAt < intervalMilliseconds) return;
      shownAt = now;
      const seconds = (now - begun) / 1000;
      const part = totalBytes === 0 ? 0 : Math.min(1, readBytes / totalBytes);
      const rest = part === 0 ? '' : `  ${Math.floor(part * 100)} %  ${toDuration((seconds * (1 - part)) / part)} left`;
      showProgress(
        `${records.toLocaleString('en')} records  ${Math.round(records / seconds).toLocaleString('en')}/s${rest}`,
      );
    },
    end() {
      showProgress('');
    },
  };
}

function toDuration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
