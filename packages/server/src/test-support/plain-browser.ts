import { send, type PlainAnswer } from './test-gateway.ts';

/** What a browser without script shows. */
export interface ShownPage extends PlainAnswer {
  /** Path and query, after every redirect. */
  readonly address: string;
  /** Every address that was visited on the way, this one last. */
  readonly visited: readonly string[];
}

/** A browser that runs no script: it keeps cookies by name and path, follows redirects by GET, and sends forms. */
export interface PlainBrowser {
  open(address: string): Promise<ShownPage>;
  /** Fills in and sends the form of a page whose action is this; fields that are not named keep their values. */
  submit(page: ShownPage, action: string, values?: Readonly<Record<string, string>>): Promise<ShownPage>;
  /** The cookies that a path would get. */
  cookies(path: string): readonly string[];
}

interface Cookie {
  readonly pair: string;
  readonly path: string;
}

const maxRedirects = 5;

export function createPlainBrowser(origin: string): PlainBrowser {
  const jar = new Map<string, Cookie>();
  const cookies = (path: string): readonly string[] =>
    [...jar.values()].filter((cookie) => isWithin(path, cookie.path)).map(({ pair }) => pair);

  const keep = (setCookies: readonly string[]): void => {
    for (const line of setCookies) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/';
      const key = `${pair.split('=', 1)[0]} ${path}`;
      if (attributes.includes('Max-Age=0')) jar.delete(key);
      else jar.set(key, { pair, path });
    }
  };

  const visit = async (method: 'GET' | 'POST', address: string, body?: string): Promise<ShownPage> => {
    const visited: string[] = [];
    let next = { method, address, body };
    for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
      visited.push(next.address);
      const sent = cookies(new URL(next.address, origin).pathname);
      const answer = await send(
        `${origin}${next.address}`,
        next.method,
        {
          accept: 'text/html',
          'sec-fetch-site': redirects === 0 && method === 'GET' ? 'none' : 'same-origin',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
          ...(sent.length === 0 ? {} : { cookie: sent.join('; ') }),
          ...(next.body === undefined
            ? {}
            : {
                origin,
                'content-type': 'application/x-www-form-urlencoded',
                'content-length': String(Buffer.byteLength(next.body)),
              }),
        },
        next.body,
      );
      keep(answer.headers['set-cookie'] ?? []);
      const { location } = answer.headers;
      if (location === undefined) return { ...answer, address: next.address, visited };
      next = { method: 'GET', address: location, body: undefined };
    }
    throw new Error(`too many redirects: ${visited.join(' ')}`);
  };

  return {
    open: (address) => visit('GET', address),
    submit: (page, action, values = {}) => {
      const fields = new URLSearchParams({ ...fieldsOf(page.body, action), ...values });
      return visit('POST', action, fields.toString());
    },
    cookies,
  };
}

/** Path matching of RFC 6265, section 5.1.4. */
function isWithin(path: string, cookiePath: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}

/** Names and values of the inputs in the form with this action. */
function fieldsOf(html: string, action: string): Record<string, string> {
  const form = [...html.matchAll(/<form[^>]*>[^]*?<\/form>/g)]
    .map(([text]) => text)
    .find((text) => text.includes(`action="${action}"`));
  if (form === undefined) throw new Error(`the page has no form to ${action}`);
  return Object.fromEntries(
    [...form.matchAll(/<input[^>]*>/g)].flatMap(([input]) => {
      const name = attributeOf(input, 'name');
      return name === undefined ? [] : [[name, attributeOf(input, 'value') ?? '']];
    }),
  );
}

function attributeOf(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value?.replace(/&(quot|#39|lt|gt|amp);/g, (_, entity: string) => entities[entity] ?? '');
}

const entities: Readonly<Record<string, string>> = { quot: '"', '#39': "'", lt: '<', gt: '>', amp: '&' };
