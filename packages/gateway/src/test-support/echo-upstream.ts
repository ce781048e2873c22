import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** What the upstream saw of one request, down to the bytes. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** A service that answers each request with what it saw of it. */
export interface EchoUpstream {
  readonly origin: string;
  /** Complete requests, in order. */
  readonly seen: SeenRequest[];
  /** Heads of requests, also of those that never ended. */
  readonly started: number;
  /** Replaces the echo; the request is recorded all the same. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  reset(): void;
  close(): Promise<void>;
}

/** Starts an upstream that records what it gets and echoes it as JSON. */
export async function startEchoUpstream(): Promise<EchoUpstream> {
  const seen: SeenRequest[] = [];
  let started = 0;
  const echo = (_: IncomingMessage, response: ServerResponse): void => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(seen.at(-1)));
  };
  const server = createServer((request, response) => {
    started++;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      seen.push({
        method: request.method ?? '',
        target: request.url ?? '',
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body: Buffer.concat(chunks).toString(),
      });
      upstream.answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('the upstream has no port');
  const upstream: EchoUpstream = {
    origin: `http://127.0.0.1:${address.port}`,
    seen,
    get started() {
      return started;
    },
    answer: echo,
    reset: () => {
      seen.length = 0;
      started = 0;
      upstream.answer = echo;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return upstream;
}
