import { statfs } from 'node:fs/promises';
import type { Logger } from '@sallyport/core';

/** Whether the data folder can still take what has to be written. */
export interface DataFolderSpace {
  /** As it was at most a second ago. */
  readonly hasRoom: () => boolean;
  readonly stop: () => void;
}

export interface DataFolderSpaceOptions {
  readonly dataDir: string;
  readonly logger: Logger;
}

/**
 * Below this the folder counts as full: before the first write fails, so that answers which must not tell whether an
 * account exists are refused for all addresses alike. A change of an account writes some tens of kilobytes.
 */
const roomBytes = 1024 * 1024;
const intervalMilliseconds = 1000;

/** Watches how much room is left in the data folder, and logs when it is full and when there is room again. */
export function watchDataFolderSpace({ dataDir, logger }: DataFolderSpaceOptions): DataFolderSpace {
  let hasRoom = true;
  let isAsking = false;
  const ask = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      note((await readFreeBytes(dataDir)) >= roomBytes);
    } catch {
      // What cannot be asked is believed to have room: the stores say for themselves that they cannot write.
      note(true);
    } finally {
      isAsking = false;
    }
  };
  const note = (isEnough: boolean): void => {
    if (isEnough === hasRoom) return;
    hasRoom = isEnough;
    if (isEnough) logger.info('the data folder has room again', { event: 'data-folder-has-room' });
    else logger.error('the data folder is full: what has to be written is refused', { event: 'data-folder-full' });
  };
  void ask();
  const timer = setInterval(() => void ask(), intervalMilliseconds);
  timer.unref();
  return { hasRoom: () => hasRoom, stop: () => clearInterval(timer) };
}

/** What a process of this user may still write: a part of the disk may be kept for the superuser. */
async function readFreeBytes(folder: string): Promise<number> {
  const { bsize, bavail, bfree } = await statfs(folder);
  return bsize * (process.getuid?.() === 0 ? bfree : bavail);
}
