import { createServer as createHttpServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerSpokenWithoutTls } from '../response/spoken-without-tls.ts';
import { type MachineTrust, SallyportError } from '@sallyport/core';
import { answerUnreadable, writeProblem } from '../response/unreadable-request.ts';
import { capConnections, type ConnectionCaps } from '../limits/connection-caps.ts';
import type { SlowClients } from '../limits/slow-clients.ts';
import { knownMethods } from '../firewall/canonical-request.ts';
import { asksForWebSocket } from '../firewall/web-socket-handshake.ts';
import { InboundMessage } from './inbound-message.ts';
import { listen } from './listen.ts';
import { inTurn } from './pipelined-requests.ts';
import type { NoteRefusal } from '../record/note-refusal.ts';
import { toSecureContext, type CertificatePair } from './secure-context.ts';
import { rotateTicketKeys } from './ticket-keys.ts';

/**
 * Answers a request; `proceed` sends "100 Continue" to a client that waits for it. When the connection was handed over,
 * nothing reads from it any more, and an answer with status 101 turns it into whatever the two ends agreed on.
 */
export type HandleRequest = (
  request: IncomingMessage,
  response: ServerResponse,
  proceed: () => void,
  isHandedOver: boolean,
) => void;

export interface ListenerAddress {
  readonly host: string;
  readonly port: number;
  readonly tls?: CertificatePair | undefined;
  /** Whose certificates clients may present; absent asks for none. */
  readonly trust?: MachineTrust;
}

/** How long clients may take, and how much they may send before they are known. */
export interface ListenerLimits {
  /** Bytes of the request line and all headers. */
  readonly headerBytes: number;
  /** For all headers to arrive. */
  readonly headersSeconds: number;
  /** How long a connection is kept on which nothing is asked. */
  readonly idleSeconds: number;
}

export interface ListenerOptions {
  /** Hears of what is refused before the stages. */
  readonly note?: NoteRefusal | undefined;
  /** Whether a WebSocket handshake takes its connection out of HTTP. @default true */
  readonly takesHandshakes?: boolean;
  readonly limits: ListenerLimits;
  /** Absent means as many connections as the system allows. */
  readonly caps?: ConnectionCaps;
  readonly slowClients: SlowClients;
  /** Hears of connections whose handshake is over. */
  readonly onConnection?: (socket: Socket) => void;
}

/** Where a listener can be reached. */
export interface Listening {
  readonly host: string;
  readonly port: number;
}

/** A server that listens, and knows how to stop. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Connections that are open now. */
  connectionCount(): number;
  /** Uses another certificate for every handshake from now on; connections that are open stay. */
  replaceCertificate(pair: CertificatePair): void;
  /** Asks clients for certificates of other authorities from now on, as above. */
  replaceTrust(trust: MachineTrust): void;
  /** Stops accepting, and resolves when the last connection is gone; those still busy after the grace period are cut. */
  drain(graceMilliseconds: number): Promise<void>;
}

const nothingToProceed = (): void => {};
const sweepMilliseconds = 50;
const tunnelCloseMilliseconds = 1000;

/** Opens a listener. Rejects with a sentence that names the port when it is taken. */
export async function openListener(
  address: ListenerAddress,
  publicOrigin: string,
  handle: HandleRequest,
  { takesHandshakes = true, limits, caps, slowClients, note, onConnection }: ListenerOptions,
): Promise<Listener> {
  const server = createServer(address, takesHandshakes, limits);
  const connected = address.tls === undefined ? 'connection' : 'secureConnection';
  if (caps !== undefined) capConnections(server, caps);
  const unused = trackUnusedSockets(server, connected);
  server.on(connected, (socket: Socket) => slowClients.watch(socket));
  if (onConnection !== undefined) server.on(connected, onConnection);
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    socket.once('close', () => connections--);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    unused.delete(request.socket);
    inTurn(request, response, note, () => handle(request, response, nothingToProceed, false));
  });
  // Node would say "100 Continue" to every client; here the decision comes first.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    unused.delete(request.socket);
    inTurn(request, response, note, () => handle(request, response, () => response.writeContinue(), false));
  });
  // Node would answer 417. What is no "100-continue" expects nothing that is known, and is not passed on.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    unused.delete(request.socket);
    inTurn(request, response, note, () => handle(request, response, nothingToProceed, false));
  });
  server.on('connect', (_: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => {});
    const refusal = new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-unknown', allow: knownMethods });
    writeProblem(refusal, socket, publicOrigin);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (answerSpokenWithoutTls(error, socket, publicOrigin, note)) return;
    const refusal = answerUnreadable(error, socket, publicOrigin);
    if (refusal !== undefined) note?.(refusal);
  });
  // A handshake is a request like any other until the stages have decided on it.
  const handedOver = new Set<Socket>();
  // Without a listener for 'upgrade', Node hands a request that asks for an upgrade over like any other.
  if (takesHandshakes)
    server.on('upgrade', (request: IncomingMessage, _: Duplex, head: Buffer) => {
      unused.delete(request.socket);
      handedOver.add(request.socket);
      slowClients.spare(request.socket);
      request.socket.once('close', () => handedOver.delete(request.socket));
      const response = takeOver(request, head);
      if (response !== undefined) handle(request, response, nothingToProceed, true);
    });
  const port = await listen(server, address);
  let { tls, trust } = address;
  const useSecureContext = (pair: CertificatePair, clients: MachineTrust | undefined): void => {
    if (!(server instanceof HttpsServer)) throw new TypeError('this listener has no certificate to replace');
    server.setSecureContext(toSecureContext(pair, clients));
    [tls, trust] = [pair, clients];
  };
  return {
    host: address.host,
    port,
    connectionCount: () => connections,
    replaceCertificate: (pair) => {
      useSecureContext(pair, trust);
    },
    replaceTrust: (next) => {
      if (tls === undefined) trust = next;
      else useSecureContext(tls, next);
    },
    drain: (graceMilliseconds) => {
      // Tunnels have no end of their own to wait for. They were asked to end, and may send their close frames.
      const closing = setTimeout(() => destroyAll(handedOver), Math.min(graceMilliseconds, tunnelCloseMilliseconds));
      return drain(server, [...unused], graceMilliseconds).finally(() => clearTimeout(closing));
    },
  };
}

/** Browsers open connections ahead of need. Node does not count those as idle, so they would hold up the end. */
function trackUnusedSockets(server: Server, event: 'connection' | 'secureConnection'): Set<Socket> {
  const unused = new Set<Socket>();
  server.on(event, (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  return unused;
}

/** How much larger than allowed the head of a request may be to get an answer of its own. */
const readableTimes = 4;

function createServer({ tls, trust }: ListenerAddress, takesHandshakes: boolean, limits: ListenerLimits): Server {
  const headersMilliseconds = Math.round(limits.headersSeconds * 1000);
  const options = {
    // The parser can only hang up. What is too large and still whole is refused by the firewall, with a page.
    maxHeaderSize: readableTimes * limits.headerBytes,
    headersTimeout: headersMilliseconds,
    // Whole requests have no time: an upload is judged by its speed.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(2000, headersMilliseconds / 2),
    keepAliveTimeout: Math.round(limits.idleSeconds * 1000),
    requireHostHeader: false,
    insecureHTTPParser: false,
    IncomingMessage: InboundMessage,
    // A request without a body has no life as a stream: it is over when it arrives.
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: takesHandshakes ? asksForWebSocket : () => false,
  };
  if (tls === undefined) return createHttpServer(options);
  const server = createHttpsServer({
    ...options,
    ...toSecureContext(tls, trust),
    // A handshake that is refused says no more than that: the answer to a request can say why.
    ...(trust === undefined ? {} : { requestCert: true, rejectUnauthorized: false }),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: headersMilliseconds,
  });
  server.once('close', rotateTicketKeys(server));
  return server;
}

/** Makes the response that Node makes for every request but this one. Nothing, when the connection is of no more use. */
function takeOver(request: IncomingMessage, head: Buffer): ServerResponse | undefined {
  const { socket } = request;
  // Node has taken its own listener away, and an error without a listener ends the process; 'close' follows it.
  socket.on('error', () => {});
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.once('finish', () => {
    if (response.statusCode !== 101) socket.destroySoon();
  });
  try {
    // Node before 24.9 does not ask which upgrades to hand over.
    if (!asksForWebSocket(request)) throw new TypeError('this is no handshake');
    // Throws while the answer to an earlier request is in flight: a handshake is not to be pipelined behind one.
    response.assignSocket(socket);
    if (head.length > 0) socket.unshift(head);
    return response;
  } catch {
    socket.destroy();
    return undefined;
  }
}

async function drain(server: Server, ending: readonly Socket[], graceMilliseconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  destroyAll(ending);
  // A connection whose answer was in flight becomes idle only now, and Node would keep it for the next request.
  const sweep = setInterval(() => server.closeIdleConnections(), sweepMilliseconds);
  const cut = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

function destroyAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy();
}
