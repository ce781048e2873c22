import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as requestHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, request as requestHttps } from 'node:https';
import type { TestAuthority } from '../../tools/launch/test-authority.ts';

/** One request and its answer, to the byte. Headers are as they were sent: name, value, name, value. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: readonly string[];
  readonly requestBody: string;
  readonly status: number;
  readonly responseHeaders: readonly string[];
  readonly responseBody: string;
}

/** A proxy that keeps what passes through it. */
export interface Recorder {
  readonly port: number;
  readonly exchanges: readonly Exchange[];
  /** Says where requests go; until then they are refused. */
  forwardTo(port: number): void;
  close(): Promise<void>;
}

/** Opens a recorder on a free port; with an authority both of its sides speak https. */
export async function openRecorder(authority?: TestAuthority): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  let target: number | undefined;

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    record(request, response).catch(() => response.destroy());
  };

  async function record(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestBody = await readAll(request);
    const { method = 'GET', url = '/' } = request;
    const send = authority === undefined ? requestHttp : requestHttps;
    const outgoing = send({
      host: '127.0.0.1',
      port: target,
      method,
      path: url,
      // Bodies are kept as text, so the server must not compress them.
      headers: [...withoutHeader(request.rawHeaders, 'accept-encoding')],
      agent: false,
      ...(authority === undefined ? {} : { ca: readFileSync(authority.caFile), servername: 'localhost' }),
    });
    outgoing.end(requestBody);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const responseBody = await readAll(answer);
    const { statusCode: status = 0, rawHeaders } = answer;
    exchanges.push({
      method,
      url,
      requestHeaders: request.rawHeaders,
      requestBody: requestBody.toString('utf8'),
      status,
      responseHeaders: rawHeaders,
      responseBody: responseBody.toString('utf8'),
    });
    response.writeHead(status, withoutHeader(rawHeaders, 'transfer-encoding'));
    response.end(responseBody);
  }

  const server =
    authority === undefined
      ? createServer(onRequest)
      : createTlsServer({ cert: readFileSync(authority.certFile), key: readFileSync(authority.keyFile) }, onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();

  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    exchanges,
    forwardTo(port) {
      target = port;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The values of a header, however its name is written. */
export function headerValues(headers: readonly string[], name: string): readonly string[] {
  return headers.filter((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name);
}

/** The same headers without the one of this name. */
export function withoutHeader(headers: readonly string[], name: string): string[] {
  return headers.filter((_, index) => headers[index - (index % 2)]?.toLowerCase() !== name);
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
