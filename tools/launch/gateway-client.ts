import { Agent, request as requestHttp, type IncomingMessage } from 'node:http';
import type { GatewayName } from './demo-processes.ts';
import type { RunningSystem } from './system.ts';

export interface GatewayAnswer {
  /** 0 when there was none: refused, reset, or no answer in time. */
  readonly status: number;
  /** Of the problem, where it is one. */
  readonly code: unknown;
  readonly retryAfter: string | undefined;
  /** What was written, as a browser would send it back; undefined where no cookie was. */
  readonly cookie: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface GatewayCall {
  readonly method?: string;
  readonly json?: unknown;
  readonly cookie?: string | undefined;
}

/** Asks the gateway over http, as the page of a browser would. */
export type AskGateway = (path: string, call?: GatewayCall) => Promise<GatewayAnswer>;

const noAnswer: GatewayAnswer = { status: 0, code: undefined, retryAfter: undefined, cookie: undefined, body: {} };
const timeoutMilliseconds = 20_000;

/** Connects to one gateway, past the load balancer; without a name, to the address that everybody uses. */
export function connectTo(system: RunningSystem, name?: GatewayName): AskGateway {
  const agent = new Agent({ keepAlive: true });
  const { host, port: publicPort, origin } = new URL(system.url);
  const port = system.gateways.find((gateway) => gateway.name === name)?.publicPort ?? publicPort;
  return async (path, { method = 'GET', json, cookie } = {}) =>
    new Promise((resolve) => {
      const request = requestHttp({
        host: '127.0.0.1',
        port,
        path,
        method,
        agent,
        timeout: timeoutMilliseconds,
        headers: {
          host,
          origin,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(cookie === undefined ? {} : { cookie }),
        },
      });
      request.on('response', (response) => void toAnswer(response).then(resolve, () => resolve(noAnswer)));
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(noAnswer));
      request.end(json === undefined ? '' : JSON.stringify(json));
    });
}

async function toAnswer(response: IncomingMessage): Promise<GatewayAnswer> {
  const text = Buffer.concat((await response.toArray()) as readonly Buffer[]).toString('utf8'); // A stream of bytes.
  const body = readJson(text);
  const written = (response.headers['set-cookie'] ?? []).map((line) => line.split(';')[0] ?? '');
  return {
    status: response.statusCode ?? 0,
    code: body['code'],
    retryAfter: response.headers['retry-after'],
    cookie: written.length === 0 ? undefined : written.join('; '),
    body,
  };
}

function readJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>; // Looked into by tests that know its form.
  } catch {
    return {};
  }
}

/**
 * A path for people who are signed in which the gateway answers itself, by what it remembers of sessions. Services hear
 * of revocations on their own, and `/auth/session` reads the store: neither tells what the gateway would let pass.
 */
export const gatewayOwnPath = '/behind-the-door/requests';

/** What the gateway itself says to a session: 200 while it lives, 401 when it has ended. */
export async function statusOfSession(ask: AskGateway, cookie: string | undefined): Promise<number> {
  return (await ask(gatewayOwnPath, { cookie })).status;
}

/** Signs in and gives the cookies of the new session. */
export async function cookieOf(
  ask: AskGateway,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<string> {
  const answer = await ask('/auth/sign-in/email', { method: 'POST', json: { email, password } });
  if (answer.status !== 200 || answer.cookie === undefined)
    throw new Error(`The sign-in was answered ${answer.status}`);
  return answer.cookie;
}

/** Signs a session out; the status is 204 when that is certain. */
export async function signOutOf(ask: AskGateway, cookie: string): Promise<number> {
  return (await ask('/auth/sign-out', { method: 'POST', json: {}, cookie })).status;
}
