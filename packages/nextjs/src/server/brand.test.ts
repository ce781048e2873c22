import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { brandSchema, resolveBrand, toBrandDocument } from '@sallyport/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { brand } from './brand.ts';
import { SallyportConfigurationError } from './configuration-error.ts';

vi.mock('server-only', () => ({}));
vi.mock('next/headers.js', () => ({ headers: async () => new Headers() }));

const acme = toBrandDocument(resolveBrand(brandSchema.parse({ name: 'Acme' }), 'https://app.acme.example'));

let gateway: Server;
let asked: string[];
let status: number;
let body: string;
beforeEach(async () => {
  asked = [];
  status = 200;
  body = JSON.stringify(acme);
  gateway = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status).end(body);
  });
  await once(gateway.listen(0, '127.0.0.1'), 'listening');
  vi.stubEnv('SALLYPORT_PUBLIC_URL', 'https://app.acme.example');
  vi.stubEnv('SALLYPORT_INTERNAL_URL', `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`);
  vi.stubEnv('SALLYPORT_AUDIENCE', 'account');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  gateway.closeAllConnections();
  gateway.close();
});

it.each([
  { name: 'refuses', answer: () => (status = 404) },
  { name: 'says something else', answer: () => (body = '<!doctype html>') },
  { name: 'is not there', answer: () => void gateway.close() },
])('a plain brand stands in where the gateway $name', async ({ answer }) => {
  answer();
  expect(await brand()).toMatchObject({ name: 'app.acme.example', logo: null });
});

it('a brand needs the environment of an application', async () => {
  vi.stubEnv('SALLYPORT_INTERNAL_URL', '');
  await expect(brand()).rejects.toThrow(SallyportConfigurationError);
});

it('a brand is what the gateway says, and is asked for once a minute', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  expect(await brand()).toEqual(acme);
  body = JSON.stringify({ ...acme, name: 'Umbrella' });
  expect(await brand()).toEqual(acme);
  expect(asked).toEqual(['/auth/assets/brand/brand.json']);
  vi.setSystemTime(Date.now() + 60_001);
  expect(await brand()).toMatchObject({ name: 'Umbrella' });
});

it('a brand that was read stays in an outage', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  expect(await brand()).toEqual(acme);
  status = 503;
  vi.setSystemTime(Date.now() + 60_001);
  expect(await brand()).toEqual(acme);
});
