import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  /** An object where it is JSON, else a text. */
  readonly body: unknown;
  readonly headers: Headers;
  readonly location: string | null;
  readonly setCookie: readonly string[];
  /** What a browser sends back of the cookies. */
  readonly cookie: string;
}

export interface Sent {
  readonly body?: object;
  readonly form?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls an application as a program or as a browser without script does. Redirects are not followed. */
export function createCaller(origin: string) {
  return async (method: string, place: string, sent: Sent = {}): Promise<Answer> => {
    const { body, form, token, cookie, headers } = sent;
    const content = body === undefined ? form && new URLSearchParams(form) : JSON.stringify(body);
    const response = await fetch(origin + place, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(cookie === undefined || cookie === '' ? {} : { cookie }),
        ...headers,
      },
      ...(content === undefined ? {} : { body: content }),
    });
    const text = await response.text();
    const setCookie = response.headers.getSetCookie();
    return {
      status: response.status,
      body: response.headers.get('content-type')?.includes('json') === true ? (JSON.parse(text) as unknown) : text,
      headers: response.headers,
      location: response.headers.get('location'),
      setCookie,
      cookie: setCookie.map((one) => one.split(';')[0] ?? '').join('; '),
    };
  };
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, 'localhost'), 'listening');
  const { port } = server.address() as AddressInfo; // It listens on a port.
  server.close();
  await once(server, 'close');
  return port;
}
