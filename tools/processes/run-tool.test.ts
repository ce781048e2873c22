import { describe, expect, it } from 'vitest';
import { runTool, ToolFailure } from './run-tool.ts';

describe('a tool', () => {
  it('is silent, and what it printed is at hand', async () => {
    expect(await run('console.log("out"); console.error("err")')).toMatch(/out[\s\S]*err|err[\s\S]*out/);
  });

  it('that fails says so with everything it printed', async () => {
    const failure = await run('console.error("broken"); process.exit(3)').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ToolFailure);
    expect(failure).toMatchObject({ message: 'fake failed (exit code 3)', output: 'broken\n' });
  });

  it('is stopped, even when it ignores the request', async () => {
    const stop = new AbortController();
    const running = run('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)', stop.signal);
    setTimeout(() => stop.abort(), 150);
    await expect(running).rejects.toThrow('fake was stopped');
  });

  it('does not start when everything stops already', async () => {
    await expect(run('', AbortSignal.abort())).rejects.toThrow('aborted');
  });
});

async function run(script: string, signal?: AbortSignal): Promise<string> {
  return runTool({ name: 'fake', nodeArguments: ['-e', script], cwd: '.', signal });
}
