/*
 * Runs one server of the tests and sees to its end: when its parent is gone, even by kill -9, the channel closes,
 * the server is ended and its folder removed.
 */
import { spawn } from 'node:child_process';
import { openSync, rmSync } from 'node:fs';
import type { KeptServer } from './server-process.ts';

const graceMilliseconds = 800;

const kept = JSON.parse(process.argv[2] ?? '') as KeptServer; // Written by server-process.ts.
const log = openSync(kept.logFile, 'a', 0o600);
const server = spawn(kept.program, kept.programArguments, {
  cwd: kept.folder,
  stdio: ['ignore', log, log],
  env: { ...process.env, ...kept.environment },
  ...kept.user,
});
let isOrphan = false;

server.once('spawn', () => process.send?.({ pid: server.pid }));
server.once('error', () => process.exit(127));
server.once('exit', (code) => {
  if (isOrphan) rmSync(kept.folder, { recursive: true, force: true });
  process.exit(code ?? 1);
});
process.once('SIGTERM', end);
process.once('disconnect', () => {
  isOrphan = true;
  end();
});

function end(): void {
  server.kill(kept.endSignal);
  setTimeout(() => server.kill('SIGKILL'), graceMilliseconds);
}
