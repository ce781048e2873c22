import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { createAuthJsShell, type NextAuthFunction } from '@sallyport/nextjs/auth-js';
import { shellEnvironment } from '../lib/shell-environment.ts';
import { consoleLog } from '../lib/console-log.ts';
import { chooseStorage } from '../lib/shell-storage.ts';

/*
 * The shell without its pages, as a process of its own: the routes of next-auth, of the account and of what is forwarded, by
 * the very functions that the route handlers of Next.js call.
 */

// A CommonJS module: Next.js takes its `default` by itself, Node.js does not.
const { default: nextAuth } = createRequire(import.meta.url)('next-auth') as { readonly default: NextAuthFunction };

const shell = createAuthJsShell(nextAuth, () => {
  const environment = shellEnvironment();
  const { gatewayUrl, storage: _storage, databaseUrl: _databaseUrl, ...rest } = environment;
  return {
    ...rest,
    ...(gatewayUrl === undefined ? {} : { gatewayUrl }),
    storage: chooseStorage(environment),
    logger: consoleLog,
  };
});

const origin = process.env['NEXTAUTH_URL'] || 'http://shell.invalid';
const server = createServer((incoming, outgoing) => {
  const left = new AbortController();
  outgoing.on('close', () => left.abort());
  void answer(toRequest(incoming, left.signal))
    .catch(toServerError)
    .then((response) => {
      const cookies = response.headers.getSetCookie();
      const headers = Object.fromEntries(response.headers);
      outgoing.writeHead(response.status, cookies.length === 0 ? headers : { ...headers, 'set-cookie': cookies });
      if (response.body === null) return void outgoing.end();
      Readable.fromWeb(response.body as ReadableStream)
        .on('error', () => outgoing.destroy())
        .pipe(outgoing);
    });
});
server.listen(Number(process.env['SHELL_PORT'] ?? 0), '127.0.0.1', () => process.send?.('ready'));

/** What Next.js does with a route handler that throws. */
function toServerError(error: unknown): Response {
  console.error(error);
  return new Response('Internal Server Error', { status: 500 });
}

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, first, second, ...rest] = pathname.split('/');
  if (first === 'api' && second === 'auth')
    return shell.nextAuth(request, { params: Promise.resolve({ nextauth: rest }) });
  return first === 'auth' ? shell.account(request) : shell.forward(request);
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers();
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = incoming.rawHeaders.slice(index, index + 2);
    headers.append(name, value);
  }
  const method = incoming.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return new Request(new URL(incoming.url ?? '/', origin), {
    method,
    headers,
    signal,
    ...(hasBody ? { body: Readable.toWeb(incoming), duplex: 'half' } : {}),
  } as RequestInit);
}
