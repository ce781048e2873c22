import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runTool } from '../../tools/processes/run-tool.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';

/** The built page of `examples/spa-client`, served from an origin of its own. */
export interface SpaPage {
  close(): Promise<void>;
}

/** Builds the page for a gateway and serves it as its README says, with its Content-Security-Policy. */
export async function serveSpaPage(gateway: string, origin: string): Promise<SpaPage> {
  const cwd = path.join(workspaceRoot, 'examples/spa-client');
  const vite = path.join(workspaceRoot, 'node_modules/vite/bin/vite.js');
  const folder = await mkdtemp(path.join(tmpdir(), 'spa-page-'));
  const environment = { VITE_GATEWAY: gateway };
  const output = ['--outDir', folder, '--emptyOutDir'];
  await runTool({ name: 'vite build', nodeArguments: [vite, 'build', ...output], cwd, environment });
  const { port } = new URL(origin);
  const server = spawn(process.execPath, [vite, 'preview', '--outDir', folder, '--port', port], {
    cwd,
    env: { ...process.env, ...environment },
    stdio: 'ignore',
  });
  const ended = once(server, 'exit');
  await untilServed(origin);
  return {
    async close() {
      server.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilServed(origin: string): Promise<void> {
  const deadline = AbortSignal.timeout(30_000);
  for (;;) {
    const answer = await fetch(origin).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok === true) return;
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
