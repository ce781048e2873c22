interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/** A page that a browser shows. */
export interface ShownPage {
  readonly status: number;
  readonly url: string;
  readonly text: string;
}

/** A browser without script: it keeps cookies by their paths, follows redirects and pages that lead on, and sends forms. */
export interface OAuthBrowser {
  /** Opens an address: resolves to the page, or to the address outside of the origin that it was led to. */
  open(url: string): Promise<ShownPage | URL>;
  /** Sends the form whose submit button says this, with its hidden fields, and more. */
  submit(page: ShownPage, label: string, fields?: Readonly<Record<string, string>>): Promise<ShownPage | URL>;
  /** The `Cookie` header for a path. */
  cookiesFor(path: string): string;
  /** Keeps a cookie for every path, as a sign-in elsewhere has set it. */
  setCookie(pair: string): void;
}

/** Builds a browser that knows one origin, and follows no redirect out of it. */
export function createOAuthBrowser(origin: string): OAuthBrowser {
  let jar: Cookie[] = [];
  const cookiesFor = (path: string): string =>
    jar
      .filter((cookie) => path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, '/')))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  const keep = (line: string, path: string): void => {
    const [pair = '', ...attributes] = line.split(/; */);
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    const own = attributes.find((attribute) => /^path=/i.test(attribute))?.slice('path='.length) ?? path;
    jar = jar.filter((cookie) => cookie.name !== name || cookie.path !== own);
    const isGone = attributes.some((attribute) => /^max-age=0$|^expires=thu, 01 jan 1970/i.test(attribute));
    if (!isGone && value !== '') jar.push({ name, value, path: own });
  };
  const load = async (url: URL, init: RequestInit = {}): Promise<ShownPage | URL> => {
    if (url.origin !== origin) return url;
    const headers = {
      ...(init.headers as object),
      cookie: cookiesFor(url.pathname),
      'sec-fetch-mode': 'navigate',
      accept: 'text/html',
    };
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) keep(line, url.pathname);
    const location = answer.headers.get('location');
    if (location !== null) {
      await answer.body?.cancel();
      return load(new URL(location, url));
    }
    const text = await answer.text();
    const next = /<meta http-equiv="refresh" content="0; url=([^"]+)"/.exec(text)?.[1];
    if (next !== undefined) return load(new URL(decode(next), url));
    return { status: answer.status, url: url.href, text };
  };

  return {
    cookiesFor,
    setCookie: (pair) => keep(`${pair}; Path=/`, '/'),
    open: (url) => load(new URL(url, origin)),
    submit(page, label, fields = {}) {
      const form = [...page.text.matchAll(/<form[^>]*action="([^"]*)"[^>]*>(.*?)<\/form>/gs)].find(([, , inner = '']) =>
        inner
          .replace(/<[^>]*>/g, ' ')
          .split(/\s{2,}|\n/)
          .some((text) => text.trim() === label),
      );
      if (form === undefined) throw new Error(`the page has no form with "${label}": ${page.text}`);
      const [, action = '', inner = ''] = form;
      const hidden = [...inner.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
        ([, name = '', value = '']): [string, string] => [name, decode(value)],
      );
      return load(new URL(decode(action), page.url), {
        method: 'POST',
        headers: { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams([...hidden, ...Object.entries(fields)]),
      });
    },
  };
}

function decode(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}
