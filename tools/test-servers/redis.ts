import { connect } from 'node:net';
import { findProgram } from './find-program.ts';
import { startServerProcess } from './server-process.ts';
import { absentServer, ownServer, type TestServer } from './test-server.ts';

export interface RedisOptions {
  /** More arguments of `redis-server`, for example `['--appendonly', 'yes']`. Nothing is written to disk by default. */
  readonly redisArguments?: readonly string[];
}

/** Starts a Redis on 127.0.0.1, where `redis-server` is on the search path. */
export async function startRedis({ redisArguments = [] }: RedisOptions = {}): Promise<TestServer> {
  const program = findProgram('redis-server');
  if (program === undefined) return absentServer('no redis-server on the search path (Debian: redis-server)');
  const redis = await startServerProcess({
    name: 'redis',
    program,
    programArguments: (port, folder) => [
      ...redisOptions({ bind: '127.0.0.1', port: String(port), dir: folder, save: '', appendonly: 'no' }),
      ...redisArguments,
    ],
    isReady: answersPing,
  });
  return ownServer(`redis://127.0.0.1:${redis.port}`, redis);
}

function redisOptions(options: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Any whole reply will do: a server that asks for a password is up as well. */
async function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1000 });
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (reply) => {
      resolve(/^(?:\+PONG|-NOAUTH)/.test(reply.toString('latin1')));
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy());
    socket.once('error', () => socket.destroy());
    socket.once('close', () => resolve(false));
  });
}
