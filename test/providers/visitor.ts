import { request } from 'undici';
import type { FakeInternet } from './fake-internet.ts';

/** What a visitor sees in the end. */
export interface Seen {
  readonly status: number;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/**
 * A browser without a script, between a gateway and providers on other sites. It keeps cookies as RFC 6265bis says: a form
 * that another site sends carries those alone that are `SameSite=None`, a link that leads here those that are `Lax` as well.
 */
export interface Visitor {
  open(address: string): Promise<Seen>;
  /** Sends a form of the gateway’s own page. */
  submit(path: string, fields: Readonly<Record<string, string>>): Promise<Seen>;
  /** Calls a route as a script of the gateway’s own page does. */
  call(method: 'GET' | 'POST' | 'DELETE', path: string, json?: object): Promise<Seen>;
  /** The provider’s page and back, by whatever way it answers. */
  visitProvider(address: string): Promise<Seen>;
  /** Where the provider leads back to, without going there. */
  readAnswer(address: string): Promise<ProviderAnswer>;
  /** Goes back to the gateway from the site of a provider. */
  comeBack(answer: ProviderAnswer): Promise<Seen>;
  readonly cookies: ReadonlyMap<string, string>;
  /** Takes a `Set-Cookie` value that another browser was given. */
  keep(setCookie: string): void;
}

/** How a provider leads back: by a link, or by a form on its own page. */
export type ProviderAnswer =
  | { readonly kind: 'link'; readonly url: string }
  | {
      readonly kind: 'form';
      readonly url: string;
      readonly fields: Readonly<Record<string, string>>;
      readonly from: string;
    };

interface Cookie {
  readonly value: string;
  readonly path: string;
  readonly sameSite: 'strict' | 'lax' | 'none';
}

type Site = 'same-origin' | 'cross-site' | 'none';
const maxRedirects = 8;

/** Begins with no cookie. */
export function createVisitor(origin: string, internet: FakeInternet): Visitor {
  const jar = new Map<string, Cookie>();

  const keep = (lines: readonly string[]): void => {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const attributeOf = (wanted: string) =>
        attributes.find((attribute) => attribute.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
      if (attributeOf('max-age') === '0') jar.delete(name);
      else {
        const sameSite = (attributeOf('samesite') ?? 'lax').toLowerCase();
        jar.set(name, {
          value: pair.slice(name.length + 1),
          path: attributeOf('path') ?? '/',
          sameSite: sameSite === 'none' || sameSite === 'strict' ? sameSite : 'lax',
        });
      }
    }
  };

  const cookieHeader = (path: string, site: Site, isSafe: boolean): string =>
    [...jar]
      .filter(([, cookie]) => path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, '/')))
      .filter(([, { sameSite }]) => site !== 'cross-site' || sameSite === 'none' || (sameSite === 'lax' && isSafe))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');

  const send = async (
    method: 'GET' | 'POST' | 'DELETE',
    url: URL,
    site: Site,
    more: Readonly<Record<string, string>> = {},
    body?: string,
  ): Promise<Seen> => {
    const cookie = cookieHeader(url.pathname, site, method === 'GET');
    const answer = await request(url, {
      method,
      headers: {
        accept: 'text/html',
        'sec-fetch-site': site,
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        ...(cookie === '' ? {} : { cookie }),
        ...more,
      },
      ...(body === undefined ? {} : { body }),
    });
    keep([answer.headers['set-cookie'] ?? []].flat());
    return { status: answer.statusCode, url, headers: answer.headers, text: await answer.body.text() };
  };

  /** Goes on while the gateway leads on, at the gateway alone. What a chain began as, it stays: a redirect launders no site. */
  const follow = async (seen: Seen, site: Site): Promise<Seen> => {
    let last = seen;
    for (let redirects = 0; redirects < maxRedirects; redirects += 1) {
      const { location } = last.headers;
      if (typeof location !== 'string') return last;
      const next = new URL(location, last.url);
      if (next.origin !== origin) return last;
      last = await send('GET', next, site);
    }
    throw new Error('too many redirects');
  };

  const visitor: Visitor = {
    open: async (address) => follow(await send('GET', new URL(address, origin), 'none'), 'none'),
    submit: async (path, fields) =>
      follow(
        await send(
          'POST',
          new URL(path, origin),
          'same-origin',
          { origin, ...formType },
          String(new URLSearchParams(fields)),
        ),
        'same-origin',
      ),
    call: (method, path, json) =>
      send(
        method,
        new URL(path, origin),
        'same-origin',
        {
          accept: 'application/json',
          'sec-fetch-mode': 'cors',
          'sec-fetch-dest': 'empty',
          ...(method === 'GET' ? {} : { origin }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        json === undefined ? undefined : JSON.stringify(json),
      ),
    visitProvider: async (address) => visitor.comeBack(await visitor.readAnswer(address)),
    readAnswer: async (address) => {
      const page = await internet.fetch(address, { redirect: 'manual' });
      const location = page.headers.get('location');
      if (location !== null) return { kind: 'link', url: location };
      const text = await page.text();
      const action = /<form method="post" action="([^"]*)"/.exec(text)?.[1];
      if (action === undefined) throw new Error(`the provider answered ${page.status}: ${text.slice(0, 200)}`);
      const inputs = [...text.matchAll(/name="([^"]*)" value="([^"]*)"/g)];
      return {
        kind: 'form',
        url: unescape(action),
        fields: Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, unescape(value)])),
        from: new URL(address).origin,
      };
    },
    comeBack: async (answer) => {
      const url = new URL(answer.url);
      if (answer.kind === 'link') return follow(await send('GET', url, 'cross-site'), 'cross-site');
      const fields = String(new URLSearchParams(answer.fields));
      const seen = await send('POST', url, 'cross-site', { origin: answer.from, ...formType }, fields);
      return follow(seen, 'cross-site');
    },
    keep: (line) => keep([line]),
    get cookies() {
      return new Map([...jar].map(([name, { value }]) => [name, value]));
    },
  };
  return visitor;
}

const formType = { 'content-type': 'application/x-www-form-urlencoded' } as const;

function unescape(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
