import { describe, expect, it } from 'vitest';
import { repeatedFlightPath } from './flight-redirect.ts';

const asked = 'https://app.example.com/account/security?tab=1&_rsc=with';

function repeated(location: string | undefined, init: RequestInit = { headers: { rsc: '1' } }, status = 307) {
  const headers = new Headers(location === undefined ? {} : { location });
  return repeatedFlightPath(new Request(asked, init), { status, headers });
}

describe('a redirect of the router of Next.js', () => {
  it.each(['/account/security?tab=1&_rsc=without', 'https://app.example.com/account/security?_rsc=without&tab=1'])(
    'to %s is the same page under another digest',
    (location) => {
      const { pathname, search } = new URL(location, asked);
      expect(repeated(location)).toBe(pathname + search);
    },
  );

  it.each([
    ['another page', '/account/elsewhere?tab=1&_rsc=without'],
    ['another query', '/account/security?tab=2&_rsc=without'],
    ['the same address', '/account/security?tab=1&_rsc=with'],
    ['no address', 'http://['],
    ['no location', undefined],
  ])('is followed by the browser for %s', (_, location) => {
    expect(repeated(location)).toBeUndefined();
  });

  it('is followed by the browser for a page, a change, and every other status', () => {
    const location = '/account/security?tab=1&_rsc=without';
    expect(repeated(location, {})).toBeUndefined();
    expect(repeated(location, { method: 'POST', headers: { rsc: '1' } })).toBeUndefined();
    for (const status of [200, 302, 303, 308]) expect(repeated(location, undefined, status)).toBeUndefined();
  });
});
