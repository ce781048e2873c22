import type { Writable } from 'node:stream';
import { startGroup, type GroupOptions, type ProcessGroup } from './process-group.ts';

/** What runs, and where its lines go. */
export interface TogetherOptions {
  readonly processes: readonly Omit<GroupOptions, 'onLine'>[];
  readonly output: Writable;
  /** Gets the processes, as soon as they are started. */
  readonly onStart?: (groups: readonly ProcessGroup[]) => void;
  /** Hears each line, without the name in front. */
  readonly onLine?: (name: string, line: string) => void;
  /** Ends all of them. */
  readonly stop: AbortSignal;
  /** How long an orderly end may take. @default 5000 */
  readonly graceMilliseconds?: number;
}

/**
 * Runs commands together, each line with the name of its process in front, until they are told to stop or the first of them
 * ends. None outlives the others.
 *
 * @returns the name of the process that ended by itself; `undefined` after a stop.
 */
export async function runTogether(options: TogetherOptions): Promise<string | undefined> {
  const { processes, output, stop, onStart, onLine, graceMilliseconds = 5000 } = options;
  const width = Math.max(...processes.map(({ name }) => name.length));
  const groups = processes.map((each) =>
    startGroup({
      ...each,
      onLine: (line) => {
        output.write(`${each.name.padEnd(width)} | ${line}\n`);
        onLine?.(each.name, line);
      },
    }),
  );
  onStart?.(groups);
  const first = await Promise.race([
    ...groups.map(async (group) => {
      await group.ended;
      return group.name;
    }),
    stopRequest(stop),
  ]);
  await endAll(groups, graceMilliseconds);
  return first;
}

async function endAll(groups: readonly ProcessGroup[], graceMilliseconds: number): Promise<void> {
  for (const group of groups) group.stop();
  const patience = setTimeout(() => {
    for (const group of groups) group.kill();
  }, graceMilliseconds);
  await Promise.all(groups.map(({ ended }) => ended));
  clearTimeout(patience);
  // The command has ended; what it left behind goes too.
  for (const group of groups) group.kill();
}

function stopRequest(stop: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve(undefined);
    else stop.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
