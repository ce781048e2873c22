import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const navigation = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', Accept: 'text/html' };
const jars = {
  'one of 17 KB': `a=${'b'.repeat(17_000)}`,
  'some of 50 KB together': Array.from({ length: 20 }, (_, index) => `c${index}=${'d'.repeat(2500)}`).join('; '),
  '101 of them': Array.from({ length: 101 }, (_, index) => `c${index}=d`).join('; '),
};

describe('too many cookies', () => {
  it.each(Object.entries(jars))('are explained on a page with a way out: %s', async (_what, jar) => {
    const answer = await gateway.send('GET', '/page', { ...navigation, Cookie: jar });
    expect(answer.status).toBe(431);
    expect(answer.headers['content-type']).toMatch(/^text\/html/);
    expect(answer.headers['cache-control']).toContain('no-store');
    expect(answer.headers['content-security-policy']).toContain("form-action 'self'");
    expect(answer.body).toContain('<form method="post" action="/auth/clear-cookies">');
    // Nothing on it asks for what would be refused like this page.
    expect(answer.body).not.toMatch(/<img|<link|<a /);
  });

  it.each(Object.entries(jars))('are cleared by that form: %s', async (_what, jar) => {
    const headers = { 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' };
    const answer = await gateway.send('POST', '/auth/clear-cookies', { ...headers, Cookie: jar });
    expect(answer.status).toBe(303);
    expect(answer.headers).toMatchObject({ 'clear-site-data': '"cookies"', location: '/' });
  });

  it.each([
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }, 'POST'],
    ['a sibling of this site', { 'Sec-Fetch-Site': 'same-site' }, 'POST'],
    ['nowhere', { 'Sec-Fetch-Site': 'none' }, 'POST'],
    ['another origin', { Origin: 'https://elsewhere.test' }, 'POST'],
    ['a link', { 'Sec-Fetch-Site': 'same-origin' }, 'GET'],
  ])('are cleared by nothing from %s', async (_from, headers, method) => {
    const answer = await gateway.send(method, '/auth/clear-cookies', { ...headers, Cookie: jars['101 of them'] });
    expect(answer.status).toBe(431);
    expect(answer.headers).not.toHaveProperty('clear-site-data');
  });

  it('are no cookies at all where the path alone is asked for', async () => {
    const answer = await gateway.send('POST', '/auth/clear-cookies', { 'Sec-Fetch-Site': 'same-origin' }, '');
    expect(answer.headers).not.toHaveProperty('clear-site-data');
  });

  it('are a problem for programs', async () => {
    const answer = await gateway.send('GET', '/api/x', { Cookie: jars['one of 17 KB'] });
    expect(answer).toMatchObject({ status: 431 });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_HEADERS_TOO_LARGE' });
  });
});
