import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { isErrorCode, SallyportError } from '@sallyport/core';

/** How other processes open the store under test. */
export interface StoreProcessOptions {
  /** Address of a module that exports `openSubject(argument)`, which resolves to an object with async methods. */
  readonly module: string;
  /** What the module opens, such as the path of a file. */
  readonly argument: string;
}

/** A process of its own that holds the store under test. */
export interface StoreProcess {
  /** Opens the store. A process is ready to do so, so that several can do so at the same moment. */
  open(): Promise<void>;
  /** Calls a method of the store over there. */
  call(method: string, ...args: readonly unknown[]): Promise<unknown>;
  /** Ends the process with SIGKILL, in the middle of whatever it does. */
  kill(): Promise<void>;
}

/** What the parent asks of the process. */
export type StoreRequest =
  | { readonly id: number; readonly kind: 'open' }
  | { readonly id: number; readonly kind: 'call'; readonly method: string; readonly args: readonly unknown[] };

/** What the process answers. */
export type StoreReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly code: string | undefined; readonly message: string };

/** Starts a process and waits until it is ready to open the store. */
export async function startStoreProcess(options: StoreProcessOptions): Promise<StoreProcess> {
  // From source this file ends in .ts, from the built package in .js; the program beside it does as well.
  const program = new URL(`./store-process-main${import.meta.url.slice(-3)}`, import.meta.url);
  const child = fork(program, [options.module, options.argument], {
    serialization: 'advanced',
    execArgv: ['--conditions=@sallyport/source', '--disable-warning=ExperimentalWarning'],
  });
  return createStoreProcess(child);
}

async function createStoreProcess(child: ChildProcess): Promise<StoreProcess> {
  const pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  const { promise: ready, resolve: becomeReady, reject: failToStart } = Promise.withResolvers<void>();

  child.on('message', (reply: StoreReply) => {
    if (reply.kind === 'ready') return becomeReady();
    const request = pending.get(reply.id);
    pending.delete(reply.id);
    if (reply.kind === 'done') request?.resolve(reply.value);
    else request?.reject(toError(reply));
  });
  child.on('exit', () => {
    const error = new Error('the store process ended');
    failToStart(error);
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  });
  await ready;

  const request = (makeRequest: (id: number) => StoreRequest): Promise<unknown> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      pending.set(lastId, { resolve, reject });
      child.send(makeRequest(lastId));
    });

  return {
    open: async () => {
      await request((id) => ({ id, kind: 'open' }));
    },
    call: (method, ...args) => request((id) => ({ id, kind: 'call', method, args })),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function toError({ code, message }: Extract<StoreReply, { kind: 'failed' }>): Error {
  return code !== undefined && isErrorCode(code) ? new SallyportError(code) : new Error(message);
}
