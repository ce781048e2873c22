import type { CookieToSet } from './shell-cookies.ts';

/**
 * `NextAuth` of `next-auth` 4, by its shape: the application installs it, so that it and this package never load two of them.
 * It is called as by an API route, which takes plain values.
 */
export type NextAuthFunction = (request: never, response: never, options: never) => unknown;

/** The context of a route handler `[...nextauth]`. */
export interface NextAuthContext {
  readonly params: Promise<{ readonly nextauth: string[] }>;
}

/** A request for next-auth. */
export interface NextAuthCall {
  readonly method: 'GET' | 'POST';
  /** What stands behind `/api/auth/`. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  readonly cookies: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** What next-auth answers. */
export interface NextAuthAnswer {
  readonly status: number;
  /** With `Set-Cookie`. */
  readonly headers: Headers;
  /** A page, or the value of a JSON body. */
  readonly body: unknown;
}

/** Calls next-auth with the options of one request. */
export async function callNextAuth(
  nextAuth: NextAuthFunction,
  call: NextAuthCall,
  options: object,
): Promise<NextAuthAnswer> {
  const { method, path, query, body, cookies, headers } = call;
  const response = new CollectedResponse();
  const request = { method, query: { ...query, nextauth: [...path] }, body, cookies, headers };
  await nextAuth(request as never, response as never, options as never);
  return response.toAnswer();
}

/** The part of an API route's response that next-auth uses. */
class CollectedResponse {
  readonly #headers = new Map<string, string | readonly string[]>();
  #status = 200;
  #body: unknown;

  status(code: number): this {
    this.#status = code;
    return this;
  }

  getHeader(name: string): string | readonly string[] | undefined {
    return this.#headers.get(name.toLowerCase());
  }

  setHeader(name: string, value: string | readonly string[]): this {
    this.#headers.set(name.toLowerCase(), value);
    return this;
  }

  json(body: unknown): void {
    this.#body = body;
  }

  send(body: unknown): void {
    this.#body = body;
  }

  end(): void {}

  toAnswer(): NextAuthAnswer {
    const headers = new Headers();
    for (const [name, value] of this.#headers)
      for (const one of typeof value === 'string' ? [value] : value) headers.append(name, one);
    return { status: this.#status, headers, body: this.#body };
  }
}

/** The cookies that an answer sets, by name and value. */
export function cookiesIn({ headers }: NextAuthAnswer): readonly Pick<CookieToSet, 'name' | 'value'>[] {
  return headers.getSetCookie().map((line) => {
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    return { name: pair.slice(0, at), value: decodeURIComponent(pair.slice(at + 1)) };
  });
}
