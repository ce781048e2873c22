import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as requestHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { readFrames } from '@sallyport/gateway/test-support';
import type { TestAuthority } from '../../tools/launch/test-authority.ts';

/**
 * One request and its answer, to the byte, as far as they have come: an answer that never ends is read like any other.
 * Headers are as they were sent: name, value, name, value. Those of interim answers and trailers are among them.
 */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: readonly string[];
  /** After an upgrade: what the frames of the client hold. */
  readonly requestBody: string;
  /** 0 until there is an answer. */
  readonly status: number;
  readonly responseHeaders: readonly string[];
  /** After an upgrade: what the frames of the server hold. */
  readonly responseBody: string;
}

/** A proxy that keeps what passes through it. */
export interface Recorder {
  readonly port: number;
  readonly exchanges: readonly Exchange[];
  /** Says where requests go; until then they are refused. */
  forwardTo(port: number): void;
  /** Says where upgrades go, if not where other requests go. */
  forwardUpgradesTo(port: number): void;
  close(): Promise<void>;
}

/** An exchange that is under way. */
interface OpenExchange {
  readonly exchange: Exchange;
  readonly request: Bytes;
  readonly response: Bytes;
  /** Notes the head of an answer; one after the other, when interim answers come first. */
  noteAnswer(status: number, headers: readonly string[]): void;
  noteUpgrade(): void;
}

/** Opens a recorder on a free port; with an authority both of its sides speak https. */
export async function openRecorder(authority?: TestAuthority): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const sockets = new Set<Duplex>();
  let target: number | undefined;
  let upgradeTarget: number | undefined;

  const begin = (request: IncomingMessage): OpenExchange => {
    const opened = openExchange(request);
    // At once: what follows is seen as it comes.
    exchanges.push(opened.exchange);
    return opened;
  };
  const send = (request: IncomingMessage, port: number | undefined, left: readonly string[]) => {
    const sendHttp = authority === undefined ? requestHttp : requestHttps;
    return sendHttp({
      host: '127.0.0.1',
      port,
      method: request.method,
      path: request.url,
      headers: left.reduce<string[]>((headers, name) => withoutHeader(headers, name), request.rawHeaders),
      agent: false,
      ...(authority === undefined ? {} : { ca: readFileSync(authority.caFile), servername: 'localhost' }),
    });
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const opened = begin(request);
    // Bodies are kept as text, so the server must not compress them.
    const outgoing = send(request, target, ['accept-encoding']);
    const giveUp = (): void => void response.destroy();
    outgoing.on('error', giveUp);
    outgoing.on('information', ({ statusCode, rawHeaders }) => opened.noteAnswer(statusCode, rawHeaders));
    outgoing.on('response', (answer) => {
      const { statusCode = 0, rawHeaders } = answer;
      opened.noteAnswer(statusCode, rawHeaders);
      response.writeHead(statusCode, withoutHeader(rawHeaders, 'transfer-encoding'));
      // A stream may stay silent after its headers.
      response.flushHeaders();
      answer.on('data', (chunk: Buffer) => opened.response.add(chunk));
      answer.on('end', () => opened.noteAnswer(statusCode, answer.rawTrailers));
      answer.on('error', giveUp);
      answer.pipe(response);
    });
    response.on('close', () => outgoing.destroy());
    request.on('data', (chunk: Buffer) => opened.request.add(chunk));
    request.pipe(outgoing);
  };

  const onUpgrade = (request: IncomingMessage, client: Duplex, head: Buffer): void => {
    const opened = begin(request);
    // Frames are kept as text, so that neither side may compress them.
    const outgoing = send(request, upgradeTarget ?? target, ['sec-websocket-extensions']);
    sockets.add(client);
    client.on('error', () => {});
    client.on('close', () => (sockets.delete(client), outgoing.destroy()));
    outgoing.on('error', () => client.destroy());
    outgoing.on('response', (answer) => {
      opened.noteAnswer(answer.statusCode ?? 0, answer.rawHeaders);
      answer.on('data', (chunk: Buffer) => opened.response.add(chunk));
      client.write(headOf(answer));
      answer.pipe(client);
    });
    outgoing.on('upgrade', (answer, server, serverHead) => {
      opened.noteAnswer(answer.statusCode ?? 0, answer.rawHeaders);
      opened.noteUpgrade();
      const pass = (from: Duplex, to: Duplex, bytes: Bytes, first: Buffer): void => {
        bytes.add(first);
        to.write(first);
        from.on('data', (chunk: Buffer) => bytes.add(chunk));
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
      };
      client.write(headOf(answer));
      pass(client, server, opened.request, head);
      pass(server, client, opened.response, serverHead);
    });
    outgoing.end();
  };

  const server =
    authority === undefined
      ? createServer(onRequest)
      : createTlsServer({ cert: readFileSync(authority.certFile), key: readFileSync(authority.keyFile) }, onRequest);
  server.on('upgrade', onUpgrade);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();

  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    exchanges,
    forwardTo(port) {
      target = port;
    },
    forwardUpgradesTo(port) {
      upgradeTarget = port;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
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

function openExchange({ method = 'GET', url = '/', rawHeaders }: IncomingMessage): OpenExchange {
  const [request, response] = [new Bytes(), new Bytes()];
  const responseHeaders: string[] = [];
  let status = 0;
  let isUpgraded = false;
  const textOf = (bytes: Bytes): string => (isUpgraded ? bytes.textOfFrames() : bytes.text());
  return {
    exchange: {
      method,
      url,
      requestHeaders: rawHeaders,
      responseHeaders,
      get status() {
        return status;
      },
      get requestBody() {
        return textOf(request);
      },
      get responseBody() {
        return textOf(response);
      },
    },
    request,
    response,
    noteAnswer(answered, headers) {
      status = answered;
      responseHeaders.push(...headers);
    },
    noteUpgrade() {
      isUpgraded = true;
    },
  };
}

/** Bytes that came until now. Their text is made once for as long as no more come: scans ask for it again and again. */
class Bytes {
  readonly #chunks: Buffer[] = [];
  #text: string | undefined;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#text = undefined;
  }

  text(): string {
    return (this.#text ??= Buffer.concat(this.#chunks).toString('utf8'));
  }

  /** A message in several frames is one text. */
  textOfFrames(): string {
    const frames = readFrames(Buffer.concat(this.#chunks));
    return (this.#text ??= Buffer.concat(frames.map(({ payload }) => payload)).toString('utf8'));
  }
}

function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
  return [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...lines, '', ''].join('\r\n');
}
