import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pinnedCommand } from './cores.ts';

/** A process of the benchmark: a server under test, the upstream, or the load generator. */
export interface Child<Ready> {
  readonly ready: Ready;
  readonly pid: number;
  /** Asks the process something, and resolves to its answer. */
  ask(question: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  /** File to run, below this folder. */
  readonly file: string;
  readonly core: number | undefined;
  /** Handed over as JSON. */
  readonly settings?: unknown;
  /** Whether it runs on the packages as they were built: what has decorators cannot be loaded from its source. */
  readonly isBuilt?: boolean;
  /** More options for Node, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
}

type Answer = { readonly answer: unknown } | { readonly failure: string };

/** Workspace packages are loaded from their sources, so that no build has to come first. */
const sourceCondition = '--conditions=@sallyport/source';

/** Starts a process and waits until it says that it is ready. Its output goes to standard error. */
export async function startChild<Ready>(options: ChildOptions): Promise<Child<Ready>> {
  const file = fileURLToPath(new URL(options.file, import.meta.url));
  const [program, ...parameters] = pinnedCommand(options.core, [
    process.execPath,
    ...(options.isBuilt === true ? [] : [sourceCondition]),
    ...(options.nodeOptions ?? []),
    file,
    JSON.stringify(options.settings ?? {}),
  ]);
  if (program === undefined) throw new TypeError('there is no program to run');
  const child = spawn(program, parameters, { stdio: ['ignore', 2, 2, 'ipc'] });
  const exited = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );

  const nextMessage = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const onExit = (): void => {
        reject(new Error(`${options.file} ended unexpectedly`));
      };
      child.once('exit', onExit);
      child.once('error', reject);
      child.once('message', (message) => {
        child.off('exit', onExit);
        child.off('error', reject);
        resolve(message);
      });
    });

  // What our own programs send is trusted to have the shape that they declare.
  const ready = (await nextMessage()) as Ready;
  return {
    ready,
    pid: child.pid ?? 0,
    async ask(question) {
      const reply = nextMessage();
      child.send({ question });
      const answer = (await reply) as Answer;
      if ('failure' in answer) throw new Error(answer.failure);
      return answer.answer;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
