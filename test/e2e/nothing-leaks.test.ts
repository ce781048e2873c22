import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromBase32 } from './authenticator.ts';
import { answerOf, everythingOf, placesBesideCookies, placesOf, whereIs } from './leak-scan.ts';
import { startRecordedSystem, type RecordedSystem } from './recorded-system.ts';
import { headerValues, withoutHeader, type Exchange } from './recorder.ts';
import { sharedSystem } from './shared-system.ts';
import { readStoredTexts, type StoredText } from './stored-texts.ts';
import { spokenThroughSocket, useEverything, type Visit } from './use-everything.ts';

const unique = randomUUID().slice(0, 8);
/** Words that are nowhere but in the passwords of this run. */
const passwords = [
  `canaryheron ${randomBytes(8).toString('hex')} orchard`,
  `canaryotter ${randomBytes(8).toString('hex')} lagoon`,
  `canarywrong ${randomBytes(8).toString('hex')} guess`,
] as const;
const [firstPassword, secondPassword, wrongPassword] = passwords;
const person = {
  name: 'Nora Newcomer',
  email: `${unique}@example.com`,
  firstPassword,
  secondPassword,
  wrongPassword,
};

const jwtShape = /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/;
const ownTokenShape = /\bsp_(?:key|rt|at|cs)_\w{8,}/;

let recorded: RecordedSystem;
let visit: Visit;

beforeAll(async () => {
  recorded = await startRecordedSystem();
  visit = await useEverything(recorded.system, person);
});
afterAll(() => recorded.dispose());

describe('the run', () => {
  it('was recorded on both sides of the gateway, or the scans below would prove nothing', () => {
    expect(recorded.outside.exchanges.length).toBeGreaterThan(50);
    expect(sessionTokens().length).toBeGreaterThanOrEqual(3);
    expect(visit.linkTokens).toHaveLength(2);
    expect(visit.factor.recoveryCodes).toHaveLength(10);
    expect(pendingTokens().length).toBeGreaterThanOrEqual(2);
    const recorders = Object.entries(recorded.inside);
    expect(recorders.filter(([, { exchanges }]) => tokensSeenBy(exchanges).length === 0)).toEqual([]);
    // Each session has a token per audience, and the zones call the shop with one of its own.
    expect(mintedTokens().length).toBeGreaterThanOrEqual(6);
    for (const token of mintedTokens()) expect(token).toMatch(jwtShape);
    expect(whereIs('/behind-the-door', visit.keptByPages)).toContain('address');
  });

  it('was recorded while streams were open, on both sides: their headers, their chunks and their frames', () => {
    for (const { exchanges } of [recorded.outside, recorded.inside.shop]) {
      const events = exchanges.filter(({ url }) => url.endsWith('/products/events'));
      const types = events.flatMap(({ responseHeaders }) => headerValues(responseHeaders, 'content-type'));
      expect(types.some((type) => type.startsWith('text/event-stream'))).toBe(true);
      const [socket] = exchanges.filter(({ url }) => url.endsWith('/live'));
      expect(socket).toMatchObject({
        status: 101,
        requestBody: spokenThroughSocket,
        responseBody: spokenThroughSocket,
      });
    }
  });

  it('is searched by scans that find what is allowed to be there', async () => {
    expect(whereIs(person.email, seenByBrowser())).toContain('body /auth/session');
    expect(whereIs(firstWord(firstPassword), recorded.outside.exchanges.flatMap(everythingOf))).not.toEqual([]);
    expect(whereIs(person.email, await readDatabases())).not.toEqual([]);
    expect(whereIs('"route":"shop"', await readFiles(recorded.system.dataDir, /gateway\.log$/))).not.toEqual([]);
  });
});

describe('what the browser saw', () => {
  it('holds none of the tokens that were minted, whole or in part', () => {
    const seen = seenByBrowser();
    for (const token of mintedTokens()) {
      for (const part of [token, ...token.split('.').slice(1)]) expect(whereIs(part, seen)).toEqual([]);
    }
  });

  it('holds nothing shaped like a token', () => {
    const found = seenByBrowser().filter(({ text }) => jwtShape.test(text) || ownTokenShape.test(text));
    expect(found.map(({ place }) => place)).toEqual([]);
  });

  it('holds the tokens of sessions and of sign-ins that wait for a second factor in cookie headers and nowhere else', () => {
    for (const token of [...sessionTokens(), ...pendingTokens()])
      expect(whereIs(token, seenBesideCookies())).toEqual([]);
  });

  it('holds no password: not in an answer, an address, a header, a store or the console', () => {
    for (const password of passwords) expect(whereIs(firstWord(password), seenByBrowser())).toEqual([]);
    const sentTo = recorded.outside.exchanges
      .filter(({ requestBody }) => passwords.some((password) => requestBody.includes(firstWord(password))))
      .map(({ method, url }) => `${method} ${url}`);
    expect([...new Set(sentTo)].sort()).toEqual(['POST /auth/reset', 'POST /auth/sign-in', 'POST /auth/sign-up']);
  });

  it('keeps the token of a mailed link out of referrers, stores and the console', () => {
    const seen = recorded.outside.exchanges.map(({ url, requestHeaders }) => ({
      place: `request headers ${url}`,
      text: withoutHeader(requestHeaders, 'cookie').join('\n'),
    }));
    for (const token of visit.linkTokens) expect(whereIs(token, [...seen, ...visit.keptByPages])).toEqual([]);
  });

  it('sends the token of a mailed link to the page of that link alone', () => {
    const holders = recorded.outside.exchanges.filter(({ requestHeaders }) =>
      headerValues(requestHeaders, 'cookie').some((cookie) => visit.linkTokens.some((token) => cookie.includes(token))),
    );
    expect(new Set(holders.map(({ url }) => url))).toEqual(new Set(['/auth/verify', '/auth/reset']));
  });

  it('holds the key of the authenticator app in the one answer that sets it up', () => {
    for (const form of formsOfKey()) {
      const places = new Set(whereIs(form, [...seenByBrowser(), ...seenBesideCookies()]));
      expect([...places].filter((place) => place !== 'body /auth/second-factor/totp/start')).toEqual([]);
    }
  });

  it('holds a recovery code in the answer that shows it, and in the form in which it is typed', () => {
    for (const [index, code] of visit.factor.recoveryCodes.entries()) {
      const places = new Set([code, withoutDashes(code)].flatMap((form) => whereIs(form, seenBesideCookies())));
      const typed = index === 0 ? ['request body /auth/two-step'] : [];
      expect([...places].sort()).toEqual(['body /auth/second-factor/totp/confirm', ...typed]);
    }
  });

  it('names no address of the inside', () => {
    for (const { port } of Object.values(recorded.inside)) {
      expect(whereIs(`127.0.0.1:${port}`, seenByBrowser())).toEqual([]);
      expect(whereIs(`localhost:${port}`, seenByBrowser())).toEqual([]);
    }
  });
});

describe('what services and zones saw', () => {
  it('holds no cookie of the gateway, no password and no second factor', () => {
    const seen = Object.values(recorded.inside).flatMap(({ exchanges }) => exchanges.flatMap(everythingOf));
    const cookies = [...sessionTokens(), ...pendingTokens()];
    for (const secret of [...cookies, ...passwords.map(firstWord), ...factorSecrets()])
      expect(whereIs(secret, seen)).toEqual([]);
  });

  it('is answered without the token: no service sends it back', () => {
    const answers = Object.values(recorded.inside).flatMap(({ exchanges }) => exchanges.flatMap(answerOf));
    for (const token of mintedTokens()) expect(whereIs(token, answers)).toEqual([]);
  });

  it('is a token for its own audience only', () => {
    for (const [name, { exchanges }] of Object.entries(recorded.inside)) {
      const audiences = tokensSeenBy(exchanges).map((token) => claimsOf(token)['aud']);
      expect(new Set(audiences)).toEqual(new Set([name]));
    }
  });
});

describe('what stays on disk and in stores', () => {
  it.each([
    { name: 'logs', read: () => readFiles(recorded.system.dataDir, /\.log(?:\.\d+)?$/) },
    { name: 'databases', read: readDatabases },
  ])('in the $name is no session token, link token, minted token, password or second factor', async ({ read }) => {
    const files = await read();
    expect(files.length).toBeGreaterThan(0);
    expect(files.some(({ text }) => text.length > 1000)).toBe(true);
    const tokens = [...sessionTokens(), ...pendingTokens(), ...visit.linkTokens, ...mintedTokens()];
    const secrets = [...tokens, ...passwords.map(firstWord), ...factorSecrets()];
    for (const secret of secrets) expect(whereIs(secret, files)).toEqual([]);
    expect(files.filter(({ text }) => jwtShape.test(text)).map(({ place }) => place)).toEqual([]);
  });

  it('in Redis is no email address and no name', async () => {
    const keys = (await readStoredTexts(recorded.system.stores)).filter(({ place }) => place.startsWith('key '));
    expect(keys.length > 0).toBe(sharedSystem.combination.needs.includes('TEST_REDIS_URL'));
    for (const text of [person.email, person.name]) expect(whereIs(text, keys)).toEqual([]);
  });

  it('in the logs is no email address', async () => {
    expect(whereIs(person.email, await readFiles(recorded.system.dataDir, /\.log$/))).toEqual([]);
  });
});

/** Files of SQLite, and what is on servers. */
async function readDatabases(): Promise<readonly StoredText[]> {
  const files = await readFiles(recorded.system.dataDir, /\.db(?:-wal|-shm|-journal)?$/);
  return [...files, ...(await readStoredTexts(recorded.system.stores))];
}

/** All that the browser saw and kept. */
function seenByBrowser(): readonly StoredText[] {
  return placesOf({ ...visit, exchanges: recorded.outside.exchanges });
}

/** The same, with the bodies that it sent and without the headers in which cookies stand. */
function seenBesideCookies(): readonly StoredText[] {
  return placesBesideCookies({ ...visit, exchanges: recorded.outside.exchanges });
}

/** Each session token that the gateway handed out. */
function sessionTokens(): readonly string[] {
  return valuesOfCookie('__Host-sallyport');
}

/** Each token of a sign-in that had to wait for a second factor. */
function pendingTokens(): readonly string[] {
  return valuesOfCookie('__Host-sallyport-pending');
}

function valuesOfCookie(name: string): readonly string[] {
  const cookies = recorded.outside.exchanges.flatMap(({ responseHeaders }) =>
    headerValues(responseHeaders, 'set-cookie'),
  );
  return unequal(
    cookies.flatMap((cookie) => (cookie.startsWith(`${name}=`) ? (/=([\w-]{16,})/.exec(cookie)?.[1] ?? []) : [])),
  );
}

/** The key of the authenticator app as people read it, and as programs may write the same bytes. */
function formsOfKey(): readonly string[] {
  const { key } = visit.factor;
  const bytes = fromBase32(key);
  const inGroups = key.replace(/.{4}(?=.)/g, '$& ');
  return [key, key.toLowerCase(), inGroups, bytes.toString('hex'), bytes.toString('base64url')];
}

function factorSecrets(): readonly string[] {
  const { recoveryCodes } = visit.factor;
  return [...formsOfKey(), ...recoveryCodes, ...recoveryCodes.map(withoutDashes)];
}

function withoutDashes(code: string): string {
  return code.replaceAll('-', '');
}

/** Each token that the gateway made, as the upstreams received them. */
function mintedTokens(): readonly string[] {
  return unequal(Object.values(recorded.inside).flatMap(({ exchanges }) => tokensSeenBy(exchanges)));
}

function tokensSeenBy(exchanges: readonly Exchange[]): readonly string[] {
  const credentials = exchanges.flatMap(({ requestHeaders }) => headerValues(requestHeaders, 'authorization'));
  return unequal(credentials.map((credential) => credential.replace(/^Bearer /, '')));
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as Record<string, unknown>;
}

function unequal(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}

function firstWord(password: string): string {
  return password.split(' ')[0] ?? '';
}

async function readFiles(folder: string, filter: RegExp): Promise<readonly StoredText[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => filter.test(name));
  return Promise.all(
    names.map(async (name) => ({ place: name, text: await readFile(path.join(folder, name), 'latin1') })),
  );
}
