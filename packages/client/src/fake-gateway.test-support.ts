import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

/** How the next request to a path goes wrong. */
export type Fault =
  /** The refresh is done, and its answer is lost on the way. */
  | 'lost-reply'
  /** Half of the answer arrives. */
  | 'cut-reply'
  /** It is done, and the answer never comes. */
  | 'hangs'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Keeps the rules of refresh tokens that docs/wire/first-party-tokens.md has, over real sockets. */
export interface FakeGateway {
  readonly origin: string;
  readonly seen: readonly SeenRequest[];
  /** Requests to a path. */
  count(path: string): number;
  /** Refresh tokens that were used up. */
  readonly rotations: number;
  /** Sign-ins that have not ended. */
  readonly families: number;
  readonly options: {
    /** Seconds that access tokens are said to live. */
    expiresIn: number;
    asksForSecondFactor: boolean;
  };
  /** The next requests to a path go wrong like this, one after the other. */
  fail(path: string, ...faults: readonly Fault[]): void;
  /** Access tokens from before are refused from now on. */
  refuseAccessTokens(): void;
  /** Ends every sign-in. */
  endFamilies(): void;
  /** Answers to refreshes wait until this is called. */
  holdRefreshes(): () => void;
  close(): Promise<void>;
}

/** Waiting costs nothing when all goes well, and a busy machine is slow. */
export const patience = { timeout: 15_000 };

export const password = 'violet-harbor-lantern-42';
export const code = '123456';

interface Family {
  number: number;
  isSuccessorUsed: boolean;
}

export async function startFakeGateway(redirectTarget = 'http://127.0.0.1:9'): Promise<FakeGateway> {
  const seen: SeenRequest[] = [];
  const faults = new Map<string, Fault[]>();
  const families = new Map<string, Family>();
  const accessTokens = new Set<string>();
  let made = 0;
  let rotations = 0;
  let challenge = '';
  let held: Promise<void> | undefined;
  const options = { expiresIn: 600, asksForSecondFactor: false };

  const tokens = (family: string, number: number): object => {
    const accessToken = `at-${++made}`;
    accessTokens.add(accessToken);
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: options.expiresIn,
      refresh_token: `rt.${family}.${number}`,
    };
  };
  const begin = (): object => {
    const family = `f${++made}`;
    families.set(family, { number: 0, isSuccessorUsed: true });
    return tokens(family, 0);
  };
  const mfaRequired = {
    status: 401,
    body: {
      error: 'mfa_required',
      code: 'SP_SECOND_FACTOR_REQUIRED',
      mfa_token: 'mfa',
      methods: ['totp', 'carrier-pigeon', 'recovery-code'],
      expires_in: 600,
    },
  };
  const invalidGrant = (code: string) => ({ status: 400, body: { error: 'invalid_grant', code, title: 'Refused' } });

  const refresh = (token: string): { readonly status: number; readonly body: object } => {
    const [, name = '', digits = ''] = token.split('.');
    const family = families.get(name);
    if (family === undefined) return invalidGrant('SP_REFRESH_TOKEN_INVALID');
    const number = Number(digits);
    if (number === family.number) {
      family.number++;
      rotations++;
      family.isSuccessorUsed = false;
    } else if (number !== family.number - 1 || family.isSuccessorUsed) {
      families.delete(name);
      return invalidGrant('SP_REFRESH_TOKEN_INVALID');
    }
    return { status: 200, body: tokens(name, family.number) };
  };

  const answer = ({ path, headers, body }: SeenRequest): { readonly status: number; readonly body: object } => {
    const sent = /^\/auth\/(token|provider-flows)/.test(path)
      ? (JSON.parse(body) as Readonly<Record<string, string>>)
      : {};
    switch (path) {
      case '/auth/token':
        if (sent['password'] !== password) return invalidGrant('SP_CREDENTIALS_INVALID');
        if (!options.asksForSecondFactor) return { status: 200, body: begin() };
        return mfaRequired;
      case '/auth/provider-flows':
        challenge = sent['codeChallenge'] ?? '';
        return { status: 200, body: { location: 'https://sso.example.test/auth', flow: 'sealed', state: 'state-1' } };
      case '/auth/token/provider': {
        const made = createHash('sha256')
          .update(sent['codeVerifier'] ?? '')
          .digest('base64url');
        if (made !== challenge || sent['flow'] !== 'sealed') return invalidGrant('SP_PROVIDER_FLOW_INVALID');
        return options.asksForSecondFactor ? mfaRequired : { status: 200, body: begin() };
      }
      case '/auth/token/second-factor':
        return sent['code'] === code && sent['mfa_token'] === 'mfa'
          ? { status: 200, body: begin() }
          : invalidGrant('SP_CODE_INVALID');
      case '/auth/token/second-factor/send':
        return { status: 200, body: { status: 'code-sent', resend_in: 30 } };
      case '/auth/token/refresh':
        return refresh(sent['refresh_token'] ?? '');
      case '/auth/token/revoke':
        families.delete(sent['refresh_token']?.split('.')[1] ?? '');
        return { status: 200, body: {} };
      default: {
        const isGood = accessTokens.has(headers.authorization?.slice('Bearer '.length) ?? '');
        return isGood ? { status: 200, body: { path, body } } : { status: 401, body: { code: 'SP_TOKEN_INVALID' } };
      }
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers } = request;
    const received = { method, path, headers, body: await readText(request) };
    seen.push(received);
    const fault = faults.get(path)?.shift();
    if (typeof fault === 'object') return void response.writeHead(fault.status, fault.headers).end(fault.body);
    if (path === '/api/redirect') return void response.writeHead(307, { location: `${redirectTarget}/taken` }).end();
    const { status, body } = answer(received);
    const text = JSON.stringify(body);
    if (fault === 'lost-reply') return void request.socket.destroy();
    if (fault === 'hangs') return;
    if (path === '/auth/token/refresh') await held;
    const authenticate =
      status === 401 ? { 'www-authenticate': 'Bearer realm="sallyport", error="invalid_token"' } : {};
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length, ...authenticate });
    if (fault === 'cut-reply') return void response.write(text.slice(0, 20), () => request.socket.destroy());
    response.end(text);
  };

  const server = createServer((request, response) => void handle(request, response));
  const origin = await listen(server);
  return {
    origin,
    seen,
    count: (path) => seen.filter((request) => request.path === path).length,
    get rotations() {
      return rotations;
    },
    get families() {
      return families.size;
    },
    options,
    fail: (path, ...next) => void faults.set(path, [...next]),
    refuseAccessTokens: () => accessTokens.clear(),
    endFamilies: () => families.clear(),
    holdRefreshes() {
      let release = (): void => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return () => release();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Another origin, which notes what it is sent. */
export async function startOtherOrigin(): Promise<{
  readonly origin: string;
  readonly seen: SeenRequest[];
  close(): void;
}> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: '' });
    response.end('{}');
  });
  return { origin: await listen(server), seen, close: () => void server.close() };
}

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
