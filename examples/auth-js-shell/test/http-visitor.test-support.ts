/** A browser as far as cookies, redirects and Fetch Metadata go. */
export interface Visitor {
  /** Goes to a page and follows redirects, as a navigation. */
  visit(url: string, init?: VisitInit): Promise<Visited>;
  /** Sends one request as the script of a page of the shell does. */
  call(url: string, init?: RequestInit): Promise<Response>;
  /** Cookies of a host, as the browser would send them. */
  cookies(url: string): string;
  setCookie(url: string, line: string): void;
}

export interface VisitInit {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Visited {
  readonly url: string;
  readonly status: number;
  readonly text: string;
  /** Every address on the way. */
  readonly way: readonly string[];
}

/** Makes a browser. Its scripts are those of pages of this origin. */
export function createVisitor(origin: string): Visitor {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string): Map<string, string> => {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };
  const cookies = (url: string): string => [...jarOf(url)].map(([name, value]) => `${name}=${value}`).join('; ');
  const setCookie = (url: string, line: string): void => {
    const [pair = '', ...attributes] = line.split(';');
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1)];
    const isGone = attributes.some((attribute) => {
      const [key = '', text = ''] = attribute.trim().split('=');
      if (key.toLowerCase() === 'max-age') return Number(text) <= 0;
      return key.toLowerCase() === 'expires' && Date.parse(text) <= Date.now();
    });
    if (isGone) jarOf(url).delete(name);
    else jarOf(url).set(name, value);
  };
  const send = async (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    const jar = cookies(url);
    if (jar !== '') headers.set('cookie', jar);
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) setCookie(url, line);
    return answer;
  };

  return {
    cookies,
    setCookie,
    async visit(start, { method = 'GET', body, headers = {} } = {}) {
      const way = [start];
      let url = start;
      let answer = await send(url, {
        method,
        headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin', ...headers },
        ...(body === undefined ? {} : { body }),
      });
      while (answer.status >= 300 && answer.status < 400 && answer.headers.has('location')) {
        if (way.length > 20) throw new Error(`redirected too often:\n${way.join('\n')}`);
        await answer.body?.cancel();
        url = new URL(answer.headers.get('location') ?? '', url).href;
        way.push(url);
        // fetch() says by itself that it is a script: with the site of a link beside that, it would look like a foreign one.
        answer = await send(url, {});
      }
      return { url, status: answer.status, text: await answer.text(), way };
    },
    call: (url, init = {}) =>
      send(url, {
        ...init,
        headers: { origin, 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin', ...init.headers },
      }),
  };
}
