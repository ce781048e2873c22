import { Worker } from 'node:worker_threads';
import { ConfigurationError } from '../config/configuration-error.ts';

/** A file that waits for something is not waited for longer than this. */
const patienceMilliseconds = 30_000;

/**
 * Node keeps every module that it has loaded: in a thread of its own the file, and whatever it imports, are read from
 * the disk again, and are gone with the thread.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData.program).then(({ importConfig }) => importConfig(workerData.path)).then(
  (loaded) => parentPort.postMessage({ hasDefault: 'default' in loaded, value: loaded.default }),
).catch((error) => parentPort.postMessage({ problem: String(error && error.message) }));
`;

/** From source this file ends in .ts, from the built package in .js. */
const importProgram = new URL(`../config/import-config${import.meta.url.slice(-3)}`, import.meta.url).href;

/**
 * Reads the default export of a configuration file as it is on the disk now.
 *
 * @throws ConfigurationError when it cannot be loaded, has no default export, or holds more than data.
 */
export async function readConfigAnew(path: string): Promise<unknown> {
  const worker = new Worker(program, {
    eval: true,
    workerData: { program: importProgram, path },
    stdout: true,
    stderr: true,
  });
  const timer = setTimeout(() => void worker.terminate(), patienceMilliseconds);
  try {
    const answer = await firstMessageOf(worker);
    if (answer.problem !== undefined) throw refuse(path, `cannot be loaded: ${answer.problem}`);
    if (answer.hasDefault === true) return answer.value;
    throw refuse(path, 'must have a default export: export default defineConfig({ … })');
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

interface Answer {
  readonly hasDefault?: boolean;
  readonly value?: unknown;
  readonly problem?: string;
}

function firstMessageOf(worker: Worker): Promise<Answer> {
  return new Promise((resolve) => {
    worker.once('message', (message: Answer) => resolve(message));
    worker.once('messageerror', (error) => resolve({ problem: error.message }));
    worker.once('error', (error) => resolve({ problem: error instanceof Error ? error.message : 'it failed' }));
    worker.once('exit', () => resolve({ problem: 'it did not come to an end' }));
  });
}

function refuse(path: string, problem: string): ConfigurationError {
  return new ConfigurationError(path, [{ key: '(file)', problem }]);
}
