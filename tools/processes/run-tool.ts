import { outputEnded, spawnTree } from './process-tree.ts';

export interface ToolRun {
  readonly name: string;
  /** The script that Node runs, and its arguments. */
  readonly nodeArguments: readonly string[];
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/** A tool that ended with an error; carries what it printed. */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
  readonly output: string;

  constructor(tool: string, output: string, reason: string) {
    super(`${tool} ${reason}`);
    this.output = output;
  }
}

/**
 * Runs a build tool silently and resolves to what it printed.
 *
 * @throws ToolFailure with the output when it fails or is stopped.
 */
export async function runTool(run: ToolRun): Promise<string> {
  run.signal?.throwIfAborted();
  const tree = spawnTree(run.nodeArguments, {
    cwd: run.cwd,
    env: { ...process.env, ...run.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  tree.child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  tree.child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const onAbort = () => void tree.terminate(500);
  run.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const { code, signal } = await tree.exited;
    await outputEnded(tree.child);
    const output = Buffer.concat(chunks).toString('utf8');
    if (run.signal?.aborted === true) throw new ToolFailure(run.name, output, 'was stopped');
    if (code !== 0) throw new ToolFailure(run.name, output, `failed (${signal ?? `exit code ${code}`})`);
    return output;
  } finally {
    run.signal?.removeEventListener('abort', onAbort);
  }
}
