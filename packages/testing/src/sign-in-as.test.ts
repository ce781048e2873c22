import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signInAs, type BrowserPage } from './sign-in-as.ts';

/** Answers as the gateway does, and keeps what it was sent. With a real browser and gateway: test/e2e. */
const sent: { path: string; body: string }[] = [];
let answer: { status: number; body: string } = { status: 200, body: '{"status":"signed-in"}' };
const server = createServer((request, response) => {
  void read(request).then((body) => {
    if (request.method === 'POST') sent.push({ path: request.url ?? '', body });
    const isCode = request.url === '/auth/second-factor/verify';
    response.writeHead(isCode ? 200 : answer.status, { 'content-type': 'application/json' });
    response.end(isCode ? '{"status":"signed-in"}' : answer.body);
  });
});
let origin: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** A browser without pages: it evaluates what it is given, with the fetch and location of a page. */
function openPage(url: string): BrowserPage & { readonly tabs: { url: string; isClosed: boolean }[] } {
  const tabs: { url: string; isClosed: boolean }[] = [];
  return {
    tabs,
    url: () => url,
    context: () => ({
      newPage: () => {
        const tab = { url: '', isClosed: false };
        tabs.push(tab);
        return Promise.resolve({
          goto: (to: string) => Promise.resolve((tab.url = new URL(to, origin).href)),
          evaluate: (expression: string) => {
            const send = (path: string, init: RequestInit) => fetch(new URL(path, tab.url), init);
            return runInNewContext(expression, { fetch: send, location: new URL(tab.url) }) as Promise<unknown>;
          },
          close: () => Promise.resolve(void (tab.isClosed = true)),
        });
      },
    }),
  };
}

describe('signing a browser in', () => {
  const account = { email: 'a"\u2028@example.com', password: `canary '\\"` };

  it.each([
    { name: 'a blank page, at the base address', url: () => 'about:blank' },
    { name: 'a page of the system', url: () => `${origin}/products?x=1` },
  ])('asks the gateway from a tab of its own, for $name', async ({ url }) => {
    [answer, sent.length] = [{ status: 200, body: '{"status":"signed-in"}' }, 0];
    const page = openPage(url());
    await signInAs(page, account);
    expect(sent).toEqual([{ path: '/auth/sign-in/email', body: JSON.stringify(account) }]);
    expect(page.tabs).toEqual([{ url: `${origin}/healthz`, isClosed: true }]);
  });

  it('gives the code of a second factor where it is asked for one', async () => {
    [answer, sent.length] = [{ status: 200, body: '{"status":"second-factor-required","methods":["totp"]}' }, 0];
    await signInAs(openPage('about:blank'), { ...account, code: () => Promise.resolve('123456') });
    expect(sent[1]).toEqual({ path: '/auth/second-factor/verify', body: '{"method":"totp","code":"123456"}' });
  });

  it.each([
    {
      name: 'a wrong password',
      status: 401,
      body: '{"code":"SP_CREDENTIALS_INVALID"}',
      says: '401, SP_CREDENTIALS_INVALID',
    },
    { name: 'too many attempts', status: 429, body: '{"code":"SP_TOO_MANY_ATTEMPTS"}', says: '429' },
    { name: 'a page of a proxy', status: 502, body: '<html>', says: '502' },
    {
      name: 'a second factor without a code',
      status: 200,
      body: '{"status":"second-factor-required"}',
      says: 'give signInAs a code',
    },
    { name: 'an answer of something else', status: 200, body: 'ok', says: 'not signed in yet' },
  ])('fails on $name, names the account and never the password', async ({ status, body, says }) => {
    answer = { status, body };
    const page = openPage('about:blank');
    const error = await signInAs(page, account).catch((thrown: unknown) => thrown as Error);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toContain(says);
    expect((error as Error).message).not.toContain('canary');
    expect(page.tabs[0]?.isClosed).toBe(true);
  });
});
