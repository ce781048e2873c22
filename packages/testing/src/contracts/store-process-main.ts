import { enableCompileCache, flushCompileCache } from 'node:module';
import type { StoreReply, StoreRequest } from './store-process.ts';

// Contract tests start this program dozens of times, and most of what that takes is compiling the same modules.
enableCompileCache();

type Subject = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

/** The program of a store process: loads the given module, and does what its parent asks. */
const [moduleAddress, argument] = process.argv.slice(2);
if (moduleAddress === undefined || argument === undefined) throw new TypeError('a store process needs two arguments');

const { openSubject } = (await import(moduleAddress)) as { openSubject: (argument: string) => Promise<Subject> };
// At its end a process would do this by itself, but these are killed.
flushCompileCache();
let subject: Subject | undefined;

process.on('message', (request: StoreRequest) => {
  void answer(request).then(reply);
});
reply({ kind: 'ready' });

async function answer(request: StoreRequest): Promise<StoreReply> {
  try {
    return { kind: 'done', id: request.id, value: await perform(request) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    return { kind: 'failed', id: request.id, code, message: error instanceof Error ? error.message : 'unknown' };
  }
}

async function perform(request: StoreRequest): Promise<unknown> {
  if (request.kind === 'open') {
    subject = await openSubject(String(argument));
    return undefined;
  }
  const method = subject?.[request.method];
  if (method === undefined) throw new TypeError(`the store has no method ${request.method}`);
  return method(...request.args);
}

function reply(message: StoreReply): void {
  process.send?.(message);
}
