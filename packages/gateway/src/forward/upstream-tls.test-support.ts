import { once } from 'node:events';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { readClientCertificate } from '@sallyport/core';
import type { TestCertificate } from '@sallyport/testing/certificates';
import { agreementTo } from '../test-support/web-socket-upstream.ts';

/** What a service saw of one request. */
export interface SeenOverTls {
  readonly path: string;
  /** `x5t#S256` of the certificate that the gateway presented; absent where it presented none. */
  readonly presented: string | undefined;
  /** `cnf` of the token. */
  readonly boundTo: string | undefined;
}

/** A service that asks for a client certificate, takes any, and answers with what it saw. */
export interface TlsService {
  readonly port: number;
  readonly origin: string;
  readonly seen: SeenOverTls[];
  answer: (request: IncomingMessage, response: ServerResponse, seen: SeenOverTls) => void;
  close(): Promise<void>;
}

export interface TlsServiceOptions {
  /** Where it takes certificates of this authority alone. @default it takes any */
  readonly onlyOf?: string;
}

export async function startTlsService(own: TestCertificate, { onlyOf }: TlsServiceOptions = {}): Promise<TlsService> {
  const seen: SeenOverTls[] = [];
  const note = ({ url = '', socket, headers }: IncomingMessage): SeenOverTls => {
    const certificate = (socket as TLSSocket).getPeerX509Certificate(); // A server of node:https has such sockets only.
    const one = {
      path: url,
      presented: certificate === undefined ? undefined : readClientCertificate(certificate).thumbprint,
      boundTo: confirmationIn(headers.authorization),
    };
    seen.push(one);
    return one;
  };
  const server = createServer({
    ...own,
    requestCert: true,
    rejectUnauthorized: onlyOf !== undefined,
    ...(onlyOf === undefined ? {} : { ca: onlyOf }),
  });
  server.on('request', (request, response) => service.answer(request, response, note(request)));
  server.on('upgrade', (request, socket) => {
    note(request);
    socket.write(agreementTo(request));
    socket.on('error', () => {}).pipe(socket);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answerWithSeen: TlsService['answer'] = (request, response, one) =>
    void request.resume().on('end', () => response.end(JSON.stringify(one)));
  const service: TlsService = {
    port,
    origin: `https://localhost:${port}`,
    seen,
    answer: answerWithSeen,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return service;
}

function confirmationIn(authorization = ''): string | undefined {
  const claims: unknown = JSON.parse(Buffer.from(authorization.split('.')[1] ?? 'e30', 'base64url').toString());
  const { cnf } = claims as { readonly cnf?: Readonly<Record<string, string>> }; // A token of the gateway, read without belief.
  return cnf?.['x5t#S256'];
}
