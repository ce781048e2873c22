import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createAcmePay } from './acme-pay-app.ts';

/*
 * The payment provider of the demo, and a server that takes its webhooks.
 */

const key = 'merchant-key';
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const at = new Date('2026-05-01T12:00:00Z');

let server: Server;
let url: string;
let status = 200;
let answerHeaders: Readonly<Record<string, string>> = {};
const deliveries: { readonly headers: NodeJS.Dict<string | string[]>; readonly body: string }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      deliveries.push({ headers: request.headers, body });
      response.writeHead(status, answerHeaders).end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`;
});
afterAll(() => server.close());
beforeEach(() => {
  deliveries.length = 0;
  status = 200;
  answerHeaders = {};
});

const pay = () => createAcmePay({ key, webhook: { url, secret }, now: () => at });
const linkOf = (changes: Readonly<Record<string, string>> = {}): string => {
  const query = new URLSearchParams({
    reference: '0f000000-0000-4000-8000-000000000001',
    amountCents: '1250',
    currency: 'EUR',
    returnTo: 'https://shop.example/orders/1',
    expires: String(at.getTime() / 1000 + 60),
    ...changes,
  }).toString();
  return `${query}&signature=${createHmac('sha256', key).update(query).digest('base64url')}`;
};
const choose = async (query: string, choice = 'pay') =>
  pay().request('/', { method: 'POST', body: new URLSearchParams({ query, choice }) });

it('a payer sees what is paid, and pays at the second page, which leads back', async () => {
  const shown = await pay().request(`/?${linkOf()}`);
  expect(await shown.text()).toContain('Pay €12.50');
  expect(deliveries).toEqual([]);
  const answer = await choose(linkOf());
  expect([answer.status, answer.headers.get('location')]).toEqual([303, 'https://shop.example/orders/1']);
  const [delivery] = deliveries;
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = delivery?.headers ?? {};
  const signed = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'));
  // A dot would stand for the end of the id in what is signed.
  expect(id).toMatch(/^[\w-]+$/);
  expect(signature).toBe(
    `v1,${signed.update(`${String(id)}.${String(timestamp)}.${delivery?.body ?? ''}`).digest('base64')}`,
  );
  expect(JSON.parse(delivery?.body ?? '')).toMatchObject({ type: 'payment.succeeded', amountCents: 1250 });
});

it('one reference is charged once, however often the button is pressed, and told under one id', async () => {
  await Promise.all(Array.from({ length: 5 }, async () => choose(linkOf())));
  expect(new Set(deliveries.map(({ body }) => body)).size).toBe(1);
  expect(new Set(deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  await choose(linkOf({ reference: randomUUID() }));
  expect(deliveries.at(-1)?.headers['webhook-id']).not.toBe(deliveries[0]?.headers['webhook-id']);
});

it.each([
  { name: 'of another sum', query: linkOf().replace('amountCents=1250', 'amountCents=1') },
  { name: 'that is over', query: linkOf({ expires: String(at.getTime() / 1000 - 1) }) },
  { name: 'without a signature', query: linkOf().replace(/&signature=.*/, '') },
  { name: 'that leads to a script', query: linkOf({ returnTo: 'javascript:alert(1)' }) },
])('a link $name is neither shown nor paid', async ({ query }) => {
  expect((await pay().request(`/?${query}`)).status).toBe(400);
  expect((await choose(query)).status).toBe(400);
  expect(deliveries).toEqual([]);
});

it('a delivery that the merchant had before counts as told, and one that it does not answer is tried again', async () => {
  status = 409;
  expect((await choose(linkOf())).status).toBe(303);
  expect(deliveries).toHaveLength(1);
  status = 503;
  const answer = await choose(linkOf());
  expect(await answer.text()).toContain('The shop does not answer');
  expect(deliveries).toHaveLength(4);
});

it('a delivery of which the merchant does not know yet what becomes is tried again, and not taken for told', async () => {
  status = 409;
  answerHeaders = { 'retry-after': '5' };
  const answer = await choose(linkOf());
  expect(await answer.text()).toContain('The shop does not answer');
  expect(deliveries).toHaveLength(3);
});

it('a payer who declines is led back, and the merchant is told of no charge', async () => {
  expect((await choose(linkOf(), 'decline')).status).toBe(303);
  expect(deliveries.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual(['payment.declined']);
});
