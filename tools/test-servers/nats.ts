import { connect } from 'node:net';
import { findProgram } from './find-program.ts';
import { startServerProcess } from './server-process.ts';
import { absentServer, ownServer, type TestServer } from './test-server.ts';

/** Whether this machine has a NATS server. */
export const hasNats = findNats() !== undefined;

/** Starts a NATS server on 127.0.0.1, where `nats-server` is on the search path. It keeps nothing. */
export async function startNats(): Promise<TestServer> {
  const program = findNats();
  if (program === undefined) return absentServer('no nats-server on the search path (Debian: nats-server)');
  const nats = await startServerProcess({
    name: 'nats',
    program,
    programArguments: (port) => ['--addr', '127.0.0.1', '--port', String(port)],
    isReady: greets,
  });
  return ownServer(`nats://127.0.0.1:${nats.port}`, nats);
}

/** Debian keeps it where only root looks. */
function findNats(): string | undefined {
  return findProgram('nats-server', ['/usr/sbin']);
}

/** It speaks first: a line that begins with INFO. */
async function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1000 });
    socket.once('data', (greeting) => {
      resolve(greeting.toString('latin1').startsWith('INFO '));
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy());
    socket.once('error', () => socket.destroy());
    socket.once('close', () => resolve(false));
  });
}
