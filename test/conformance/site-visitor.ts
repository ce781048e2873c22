import { send } from '@sallyport/server/test-support';

/** An answer of a site. */
export interface SiteAnswer {
  readonly status: number;
  readonly text: string;
  readonly location: URL | undefined;
}

/** A browser at the site of a client: it keeps the cookies of that site, and follows redirects inside of it. */
export interface SiteVisitor {
  open(url: string | URL): Promise<SiteAnswer>;
}

export function createSiteVisitor(origin: string): SiteVisitor {
  const jar = new Map<string, string>();
  const open = async (given: string | URL): Promise<SiteAnswer> => {
    const url = new URL(given, origin);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    // As a browser says that it goes there itself: Apache leads no script to a sign-in.
    const answer = await send(url.href, 'GET', { cookie, accept: 'text/html', 'sec-fetch-mode': 'navigate' });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /expires=thu, 01[ -]jan[ -]1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    const { headers, status, body } = answer;
    const location = headers.location === undefined ? undefined : new URL(headers.location, url);
    return location?.origin === origin ? open(location) : { status, text: body, location };
  };
  return { open };
}
