import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { routeSchema, toSafeReturnTo, type Route, type RouteInput } from '@sallyport/core';
import {
  createCookieReader,
  createKnownHosts,
  createRouteTable,
  findSource,
  foldHeaderName,
  readCanonicalRequest,
  readHeaders,
  type CanonicalRequest,
} from '@sallyport/gateway/test-support';
import { pathArbitrary, readingsOf } from './path-readings.ts';
import { redirectPayloads } from './cases/redirect-payloads.ts';

const hosts = createKnownHosts(['app.test'], 'https:');
const table = createRouteTable(
  [
    route({ name: 'public', prefix: '/public', access: 'public' }),
    route({ name: 'api', prefix: '/api', access: 'signed-in' }),
    route({ name: 'admin', prefix: '/admin', access: { roles: ['admin'] } }),
    route({ name: 'deep', prefix: '/public/a', access: 'signed-in' }),
    route({ name: 'java', prefix: '/java', access: 'signed-in', pathParameters: true }),
    route({ name: 'shell', prefix: '/', access: 'optional' }),
  ],
  [],
);

describe('P25: every reading of the path that goes upstream leads to the decision of the gateway', () => {
  it('in 50,000 paths, in three ways of reading', () => {
    let accepted = 0;
    fc.assert(
      fc.property(pathArbitrary, (target) => {
        const request = canonical(target);
        if (request === undefined) return;
        const decided = decide(request);
        if (decided === undefined) return;
        accepted++;
        expect(request.target).toBe(target);
        for (const reading of readingsOf(target)) expect(table.find('app.test', 'GET', reading).name).toBe(decided);
      }),
      { numRuns: 50_000 },
    );
    // A firewall that refuses everything would pass as well.
    expect(accepted).toBeGreaterThan(1000);
  }, 60_000);
});

describe('C07 to C09: what is no session', () => {
  const name = '__Host-sallyport';
  const read = createCookieReader(name);
  const token = 'A'.repeat(32);
  const noise = fc.string({
    unit: fc.constantFrom(...`${name}=;, "\t\u00a0.$Aa0-_`, `${name}=`, `${name}=${token}`, '; '),
    maxLength: 40,
  });

  it('is never a token that was not sent between "; " and "; " under the exact name', () => {
    fc.assert(
      fc.property(noise, (header) => {
        const { session, others } = read(header);
        if (session.kind === 'token') {
          const pairs = header.split(';').map((pair) => pair.replaceAll(/^[ \t]+|[ \t]+$/g, ''));
          expect(pairs.filter((pair) => pair.startsWith(`${name}=`))).toContain(`${name}=${session.token}`);
          expect(new Set(pairs.filter((pair) => pair.startsWith(`${name}=`))).size).toBe(1);
        }
        // Whatever trims, folds or ignores nameless pairs upstream finds no cookie of ours.
        for (const pair of (others ?? '').split(';'))
          expect(pair.trim().toLowerCase()).not.toMatch(/^=*\s*__host-sallyport=/);
      }),
      { numRuns: 20_000 },
    );
  });

  it('costs no more the longer it is', () => {
    for (const value of ['', 'a', 'a'.repeat(1_000_000), '\u0000', '../'.repeat(9), '%00'.repeat(9), '='.repeat(99)]) {
      expect(read(`${name}=${value}`).session.kind).not.toBe('token');
    }
    const chunks = Array.from({ length: 1000 }, (_, index) => `${name}.${index}=${token}`).join('; ');
    expect(read(chunks)).toEqual({ session: { kind: 'none' }, others: undefined });
  });
});

describe('headers of which a server could make one of ours', () => {
  const ours = [
    'Authorization',
    'Cookie',
    'X-Sallyport-User',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Real-IP',
    'X-Middleware-Subrequest',
    'Transfer-Encoding',
    'Content-Length',
    'Host',
    'Upgrade',
    'X-Request-Id',
    'X-HTTP-Method-Override',
    'Remote-User',
    'X-Original-URL',
  ];
  const spelling = fc.constantFrom(...ours).chain((name) =>
    fc
      .array(fc.constantFrom('', '-', '_', '.', '~', "'", '!', '--'), {
        minLength: name.length + 1,
        maxLength: name.length + 1,
      })
      .map((marks) =>
        [...name].map((character, index) => `${character === '-' ? '' : character}${marks[index] ?? ''}`).join(''),
      ),
  );
  const plain = fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,20}$/);
  const line = fc.tuple(fc.oneof(spelling, plain), fc.stringMatching(/^[ -~]{0,20}$/));

  it('never pass, however they are spelled, and whatever Connection says', () => {
    const folded = new Set(ours.map(foldHeaderName));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.stringMatching(/^[A-Za-z, -]{0,30}$/), (lines, connection) => {
        const raw = [...lines, ['Connection', connection] as const].flat();
        const passed = endToEndOf(raw).filter((_, index) => index % 2 === 0);
        expect(passed.filter((name) => folded.has(foldHeaderName(name)))).toEqual([]);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('X: where a request comes from', () => {
  const origins = new Set(['https://app.test', 'https://shop.test']);
  const site = fc.option(
    fc.oneof(
      fc.constantFrom('same-origin', 'none', 'same-site', 'cross-site', 'Same-Origin', ''),
      fc.stringMatching(/^[ -~]{0,12}$/),
    ),
    { nil: undefined },
  );
  const origin = fc.option(
    fc.oneof(
      fc.constantFrom(
        'https://app.test',
        'null',
        'https://evil.test',
        'https://app.test.evil.test',
        'http://app.test',
        '',
      ),
      fc.webUrl(),
    ),
    { nil: undefined },
  );

  it('is its own page only where nothing that is said speaks against it, and something for it', () => {
    fc.assert(
      fc.property(site, origin, (fetchSite, from) => {
        if (findSource({ fetchSite, origin: from }, origins) !== 'own-page') return;
        const speaksFor =
          fetchSite === 'same-origin' || fetchSite === 'none' || (fetchSite === undefined && from !== undefined);
        expect(speaksFor).toBe(true);
        expect(from === undefined || origins.has(from) || (from === 'null' && fetchSite !== undefined)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('R: the page to return to', () => {
  const self = 'https://app.test';

  it('is home for every payload of the families', () => {
    expect(redirectPayloads().length).toBeGreaterThan(1000);
    expect(redirectPayloads().filter((payload) => toSafeReturnTo(payload) !== '/')).toEqual([]);
  });

  it('never leaves the origin, nor after two more rounds of decoding, nor for a browser that takes "\\" for "/"', () => {
    const unit = fc.constantFrom(
      ...'/\\.:@?#;%25fFcC0aA-_~\t\n ',
      '//',
      'evil.test',
      'https:',
      '%2f',
      '%5c',
      '%252f',
      '%09',
      'javascript:',
      '..',
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 12 }), (units) => {
        const given = toSafeReturnTo(`/${units.join('')}`);
        for (const once of [given, decodeAll(given), decodeAll(decodeAll(given))]) {
          const path = once.split(/[?#]/, 1)[0] ?? '';
          for (const text of [path, path.replaceAll('\\', '/'), path.replaceAll(/[\t\n\r]/g, '')]) {
            expect(new URL(text, self).origin).toBe(self);
          }
        }
      }),
      { numRuns: 10_000 },
    );
  }, 60_000);
});

function route(input: { readonly name: string; readonly prefix: string } & Partial<RouteInput>): Route {
  return routeSchema.parse({ upstream: 'http://127.0.0.1:9', audience: input.name, ...input });
}

function canonical(url: string): CanonicalRequest | undefined {
  const message = {
    method: 'GET',
    url,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    headers: {},
    rawHeaders: ['Host', 'app.test'],
  };
  try {
    // What the firewall looks at, and no more: a socket takes milliseconds.
    return readCanonicalRequest(message as unknown as IncomingMessage, hosts, {
      headers: 100,
      cookies: 100,
      pathParameters: true,
      rawPath: new Set(),
      headerBytes: 16_384,
    });
  } catch {
    return undefined;
  }
}

/** The route stage, with its rule on parameters. */
function decide({ path, hasPathParameters }: CanonicalRequest): string | undefined {
  const place = table.find('app.test', 'GET', path);
  if (!hasPathParameters) return place.name;
  const bare = table.find('app.test', 'GET', path.replaceAll(/;[^/]*/g, ''));
  return place === bare && place.pathParameters ? place.name : undefined;
}

function endToEndOf(raw: readonly string[]): readonly string[] {
  try {
    return readHeaders(raw).endToEnd;
  } catch {
    return [];
  }
}

function decodeAll(text: string): string {
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
