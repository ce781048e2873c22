import type { Server } from 'node:http';
import { OptionsError } from '@sallyport/core';

/**
 * Listens, and resolves to the port: the one that was asked for, or one that was free where that was 0.
 *
 * @param name - how the refusal calls the listener, such as "the admin listener".
 * @throws OptionsError with `SP_OPTIONS_PORT_UNAVAILABLE` when the port is taken, or needs rights that the process lacks.
 * @example
 * const port = await listen(createServer(), { host: '127.0.0.1', port: 0 }, 'the mailbox');
 */
export function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  name = 'the gateway',
): Promise<number> {
  const unavailable = (problem: string, cause: Error): OptionsError =>
    new OptionsError(`port ${port} on ${host} (${name}) ${problem}`, 'SP_OPTIONS_PORT_UNAVAILABLE', { cause });
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => {
      if (cause.code === 'EADDRINUSE') {
        reject(unavailable('is taken: stop what uses it, or choose another port', cause));
      } else if (cause.code === 'EACCES') reject(unavailable('needs rights that this process does not have', cause));
      else reject(cause);
    };
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
