import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers a request to a path; `form` is its body. */
export type ImpostorAnswer = (request: IncomingMessage, response: ServerResponse, form: URLSearchParams) => void;

/** A call that a server received. */
export interface ImpostorCall {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly form: string;
}

/** A server that says what a gateway says, or what one would never say. */
export interface Impostor {
  readonly origin: string;
  readonly calls: readonly ImpostorCall[];
  close(): void;
}

/** Starts one on loopback, with an answer for each path. */
export async function startImpostor(answers: Readonly<Record<string, ImpostorAnswer>>): Promise<Impostor> {
  const calls: ImpostorCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = Buffer.concat(chunks).toString();
      const path = request.url ?? '';
      calls.push({ path, authorization: request.headers.authorization, form });
      const answer = answers[path];
      if (answer === undefined) response.writeHead(404).end();
      else answer(request, response, new URLSearchParams(form));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    calls,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Answers with JSON. */
export function answerJson(body: object | (() => object), status = 200): ImpostorAnswer {
  return (_request, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify(typeof body === 'function' ? body() : body));
}

/** Starts one that lets one device in at once, as the client `client_1`. `change` says what it answers in place of that. */
export async function startDeviceImpostor(
  change: (origin: () => string) => Readonly<Record<string, ImpostorAnswer>> = () => ({}),
): Promise<Impostor> {
  let origin = '';
  const impostor = await startImpostor({
    '/.well-known/oauth-authorization-server': answerJson(() => ({
      issuer: origin,
      device_authorization_endpoint: `${origin}/oauth2/device`,
      token_endpoint: `${origin}/oauth2/token`,
      revocation_endpoint: `${origin}/oauth2/revoke`,
    })),
    '/oauth2/device': answerJson(() => deviceAnswer(origin)),
    '/oauth2/token': answerJson(() => tokenAnswer(origin)),
    '/oauth2/revoke': answerJson({}),
    ...change(() => origin),
  });
  ({ origin } = impostor);
  return impostor;
}

/** The codes of a device, which may ask again at once. */
export function deviceAnswer(origin: string, change: object = {}): object {
  return {
    device_code: 'device-code',
    user_code: 'WDJB-MJHT',
    verification_uri: `${origin}/auth/device`,
    verification_uri_complete: `${origin}/auth/device?user_code=WDJB-MJHT`,
    expires_in: 600,
    interval: 0.02,
    ...change,
  };
}

/** The tokens of a device. */
export function tokenAnswer(origin: string): object {
  const idToken = ['{}', JSON.stringify({ iss: origin, aud: 'client_1', sub: 'ada' }), '']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
  return { access_token: 'access-new', refresh_token: 'refresh-new', expires_in: 600, id_token: idToken };
}
