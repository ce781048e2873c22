import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAccount, sessionRows } from './account-page.ts';
import { launchBrowser, patienceMilliseconds } from './browser.ts';
import { callApi } from './call-api.ts';
import { openReady, waitUntilHydrated } from './hydrated-page.ts';
import { waitForLink } from './mailbox.ts';
import { openProducts } from './products-page.ts';
import { startRecordedSystem, type RecordedSystem } from './recorded-system.ts';
import { headerValues, withoutHeader, type Exchange } from './recorder.ts';
import { sharedSystem } from './shared-system.ts';
import { signIn, signOut, submitSignIn } from './sign-in.ts';
import { readStoredTexts, type StoredText } from './stored-texts.ts';

const unique = randomUUID().slice(0, 8);
const person = { name: 'Nora Newcomer', email: `${unique}@example.com` };
/** Words that are nowhere but in the passwords of this run. */
const passwords = [
  `canaryheron ${unique} orchard`,
  `canaryotter ${unique} lagoon`,
  `canarywrong ${unique} guess`,
] as const;
const [firstPassword, secondPassword, wrongPassword] = passwords;

const jwtShape = /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/;
const ownTokenShape = /\bsp_(?:key|rt|at|cs)_\w{8,}/;

let recorded: RecordedSystem;
/** What pages kept and said: storage, scripts' cookies, the console, addresses. */
const keptByPages: string[] = [];
/** What stood in the documents, and in the history that their router keeps. */
const documents: string[] = [];
const linkTokens: string[] = [];

beforeAll(async () => {
  recorded = await startRecordedSystem();
  await useEverything();
});
afterAll(() => recorded.dispose());

describe('the run', () => {
  it('was recorded on both sides of the gateway, or the scans below would prove nothing', () => {
    expect(recorded.outside.exchanges.length).toBeGreaterThan(50);
    expect(sessionTokens().length).toBeGreaterThanOrEqual(3);
    expect(linkTokens).toHaveLength(2);
    const recorders = Object.entries(recorded.inside);
    expect(recorders.filter(([, { exchanges }]) => tokensSeenBy(exchanges).length === 0)).toEqual([]);
    // Each session has a token per audience, and the zones call the shop with one of its own.
    expect(mintedTokens().length).toBeGreaterThanOrEqual(6);
    for (const token of mintedTokens()) expect(token).toMatch(jwtShape);
    expect(keptByPages.join('\n')).toContain('/behind-the-door');
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

  it('holds the session token in the cookie headers and nowhere else', () => {
    const seen = recorded.outside.exchanges.flatMap((exchange) => [
      { place: `request ${exchange.url}`, text: exchange.url },
      { place: `request body ${exchange.url}`, text: exchange.requestBody },
      { place: `request headers ${exchange.url}`, text: withoutHeader(exchange.requestHeaders, 'cookie').join('\n') },
      { place: `headers ${exchange.url}`, text: withoutHeader(exchange.responseHeaders, 'set-cookie').join('\n') },
      { place: `body ${exchange.url}`, text: exchange.responseBody },
    ]);
    for (const token of sessionTokens()) expect(whereIs(token, [...seen, ...pagesSeen()])).toEqual([]);
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
    for (const token of linkTokens) expect(whereIs(token, [...seen, ...pagesSeen()])).toEqual([]);
  });

  it('sends the token of a mailed link to the page of that link alone', () => {
    const holders = recorded.outside.exchanges.filter(({ requestHeaders }) =>
      headerValues(requestHeaders, 'cookie').some((cookie) => linkTokens.some((token) => cookie.includes(token))),
    );
    expect(new Set(holders.map(({ url }) => url))).toEqual(new Set(['/auth/verify', '/auth/reset']));
  });

  it('names no address of the inside', () => {
    for (const { port } of Object.values(recorded.inside)) {
      expect(whereIs(`127.0.0.1:${port}`, seenByBrowser())).toEqual([]);
      expect(whereIs(`localhost:${port}`, seenByBrowser())).toEqual([]);
    }
  });
});

describe('what services and zones saw', () => {
  it('holds no session cookie and no password', () => {
    const seen = Object.values(recorded.inside).flatMap(({ exchanges }) => exchanges.flatMap(everythingOf));
    for (const secret of [...sessionTokens(), ...passwords.map(firstWord)]) expect(whereIs(secret, seen)).toEqual([]);
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
  ])('in the $name is no session token, link token, minted token or password', async ({ read }) => {
    const files = await read();
    expect(files.length).toBeGreaterThan(0);
    expect(files.some(({ text }) => text.length > 1000)).toBe(true);
    const secrets = [...sessionTokens(), ...linkTokens, ...mintedTokens(), ...passwords.map(firstWord)];
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

/** One visit of everything there is, by one person. */
async function useEverything(): Promise<void> {
  const { system } = recorded;
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ baseURL: system.url });
    context.setDefaultTimeout(patienceMilliseconds);
    const page = await context.newPage();
    page.on('console', (message) => keptByPages.push(`console ${message.text()}`));
    page.on('framenavigated', (frame) => {
      if (!frame.url().includes('token=')) keptByPages.push(`address ${frame.url()}`);
    });

    await openReady(page, '/');
    await openReady(page, '/auth/sign-up');
    await page.getByLabel('Name', { exact: true }).fill(person.name);
    await page.getByLabel('Email address').fill(person.email);
    await page.getByLabel('Password', { exact: true }).fill(firstPassword);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    await openLink(page, await waitForLink(system.mailbox, person.email, 'verify-email'));
    await waitUntilHydrated(page);
    await page.getByRole('button', { name: 'Confirm email' }).click();
    await page.getByText('Your email address is confirmed').waitFor();
    await keep(page);

    await page.goto('/auth/sign-in');
    await submitSignIn(page, { email: person.email, password: wrongPassword });
    await page.getByRole('alert').waitFor();
    await keep(page);
    await visitAs(page, firstPassword);
    await signOut(page);

    await openReady(page, '/auth/forgot');
    await page.getByLabel('Email address').fill(person.email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    await openLink(page, await waitForLink(system.mailbox, person.email, 'reset-password'));
    await waitUntilHydrated(page);
    await page.getByLabel('New password', { exact: true }).fill(secondPassword);
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Your password has been changed').waitFor();
    await keep(page);

    await visitAs(page, secondPassword);
    // A second session of the same person, seen and ended by the first.
    const other = await browser.newContext({ baseURL: system.url });
    await signIn(await other.newPage(), { email: person.email, password: secondPassword });
    await openAccount(page);
    await sessionRows(page).nth(1).waitFor();
    await keep(page);
    await callApi(page, '/auth/sessions/revoke-all', { method: 'POST', json: {} });
  } finally {
    await browser.close();
  }
}

async function visitAs(page: Page, password: string): Promise<void> {
  await signIn(page, { email: person.email, password });
  await openProducts(page);
  await keep(page);
  await callApi(page, '/api/shop/products');
  await callApi(page, '/api/shop/products', { method: 'POST', json: {} });
  await callApi(page, '/api/shop/products/not-an-id');
  await callApi(page, '/api/shop/docs-json');
  await callApi(page, '/auth/session');
  await openAccount(page);
  await keep(page);
  await openReady(page, '/behind-the-door');
  await page.getByRole('article').waitFor();
  await callApi(page, '/no/such/page');
  await keep(page);
}

async function openLink(page: Page, link: string): Promise<void> {
  linkTokens.push(new URL(link).searchParams.get('token') ?? '');
  await page.goto(link);
}

/** Notes everything that scripts of this origin can read back. */
async function keep(page: Page): Promise<void> {
  const kept = await page.evaluate(async () => {
    const databases = await indexedDB.databases();
    return JSON.stringify({
      address: location.href,
      cookie: document.cookie,
      local: { ...localStorage },
      session: { ...sessionStorage },
      caches: await caches.keys(),
      databases: databases.map(({ name }) => name),
    });
  });
  keptByPages.push(kept);
  documents.push(await page.content(), await page.evaluate(() => JSON.stringify(history.state)));
}

function seenByBrowser(): readonly StoredText[] {
  const wire = recorded.outside.exchanges.flatMap((exchange) => [
    { place: `address ${exchange.url}`, text: exchange.url },
    { place: `request headers ${exchange.url}`, text: exchange.requestHeaders.join('\n') },
    ...answerOf(exchange),
  ]);
  return [...wire, ...pagesSeen(), ...documents.map((text) => ({ place: 'document', text }))];
}

function pagesSeen(): readonly StoredText[] {
  return keptByPages.map((text) => ({ place: `page ${text.slice(0, 80)}`, text }));
}

function answerOf({ url, responseHeaders, responseBody }: Exchange): readonly StoredText[] {
  return [
    { place: `headers ${url}`, text: responseHeaders.join('\n') },
    { place: `body ${url}`, text: responseBody },
  ];
}

function everythingOf(exchange: Exchange): readonly StoredText[] {
  const { url, requestHeaders, requestBody } = exchange;
  return [{ place: `request ${url}`, text: [url, ...requestHeaders, requestBody].join('\n') }, ...answerOf(exchange)];
}

/** Names the places only: the secret that was found must not end up in the report of the test. */
function whereIs(secret: string, places: readonly StoredText[]): readonly string[] {
  expect(secret.length).toBeGreaterThan(8);
  return places.filter(({ text }) => text.includes(secret)).map(({ place }) => place);
}

/** Each session token that the gateway handed out. */
function sessionTokens(): readonly string[] {
  const cookies = recorded.outside.exchanges.flatMap(({ responseHeaders }) =>
    headerValues(responseHeaders, 'set-cookie'),
  );
  return unequal(cookies.flatMap((cookie) => /^__Host-sallyport=([\w-]+)/.exec(cookie)?.[1] ?? []));
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
