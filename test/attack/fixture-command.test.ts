import { describe, expect, it } from 'vitest';
import { spawnTree } from '../../tools/processes/process-tree.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import path from 'node:path';

describe('the fixture as a command', () => {
  // It runs commands of its own before it is ready, from the sources.
  it(
    'prints one line when it is ready, and leaves nothing behind when it is stopped',
    { timeout: 180_000 },
    async () => {
      const command = start({});
      const address = await command.firstLine;
      expect(Object.keys(address)).toEqual(['gateway', 'echo', 'hosts', 'cookieName', 'cookies', 'key', 'serviceKey']);
      expect(await statusOf(`${String(address['gateway'])}/healthz`)).toBe(200);
      command.tree.child.kill('SIGTERM');
      expect((await command.tree.exited).code).toBe(0);
      expect(command.lines).toHaveLength(1);
      expect(await statusOf(`${String(address['gateway'])}/healthz`)).toBeUndefined();
      expect(await statusOf(`${String(address['echo'])}/__log`)).toBeUndefined();
    },
  );

  it.each(['0.0.0.0/0', '*'])('refuses to trust %s', async (proxies) => {
    const command = start({ SALLYPORT_FIXTURE_TRUSTED_PROXY: proxies });
    expect((await command.tree.exited).code).toBe(1);
    expect(command.lines).toEqual([]);
  });
});

function start(environment: Readonly<Record<string, string>>) {
  const tree = spawnTree(
    [path.join(workspaceRoot, 'tools/run.mjs'), path.join(workspaceRoot, 'test/attack/fixture/main.ts')],
    {
      cwd: workspaceRoot,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const lines: string[] = [];
  const first = Promise.withResolvers<Record<string, unknown>>();
  let rest = '';
  tree.child.stdout?.on('data', (chunk: Buffer) => {
    const [last = '', ...whole] = (rest + chunk.toString()).split('\n').reverse();
    rest = last;
    lines.push(...whole.reverse());
    if (lines[0] !== undefined) first.resolve(JSON.parse(lines[0]) as Record<string, unknown>); // Our own words.
  });
  void tree.exited.then(() => first.reject(new Error('the fixture ended before it was ready')));
  first.promise.catch(() => {});
  return { tree, lines, firstLine: first.promise };
}

async function statusOf(url: string): Promise<number | undefined> {
  try {
    return (await fetch(url)).status;
  } catch {
    return undefined;
  }
}
