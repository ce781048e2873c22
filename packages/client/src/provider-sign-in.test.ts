import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient, type Client } from './client.ts';
import { code as factorCode, startFakeGateway, type FakeGateway } from './fake-gateway.test-support.ts';
import type { ProviderFlow } from './provider-sign-in.ts';

const redirectUri = 'https://spa.example.test/back';

let gateway: FakeGateway;
let client: Client;
let flow: ProviderFlow;
beforeEach(async () => {
  gateway = await startFakeGateway();
  client = createClient({ gateway: gateway.origin, device: 'Test' });
  flow = await client.beginProviderSignIn({ provider: 'google', redirectUri });
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await gateway.close();
});

const back = (query: string): string => `${redirectUri}?${query}`;
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error as { readonly code?: unknown }).code,
  );

describe('signing in with a provider', () => {
  it('begins with a challenge whose verifier stays here', () => {
    const sent = JSON.parse(gateway.seen[0]?.body ?? '') as Readonly<Record<string, string>>;
    expect(sent).toEqual({
      provider: 'google',
      redirectUri,
      codeChallenge: expect.stringMatching(/^[\w-]{43}$/) as unknown,
    });
    expect(flow).toMatchObject({ location: 'https://sso.example.test/auth', state: 'state-1' });
    expect(flow.codeVerifier).toMatch(/^[\w-]{43}$/);
    expect(gateway.seen[0]?.body).not.toContain(flow.codeVerifier);
    expect(client.status).toBe('unknown');
  });

  it('is completed with the address that the provider led back to, also by a program that was restarted', async () => {
    const kept = JSON.parse(JSON.stringify(flow)) as ProviderFlow;
    const address = back('code=c-1&state=state-1&iss=https%3A%2F%2Fsso.example.test');
    expect(await client.completeProviderSignIn(kept, address)).toEqual({ kind: 'signed-in' });
    expect((await client.fetch('/api/products')).status).toBe(200);
    expect(JSON.parse(gateway.seen[1]?.body ?? '')).toEqual({
      flow: 'sealed',
      state: 'state-1',
      code: 'c-1',
      codeVerifier: flow.codeVerifier,
      iss: 'https://sso.example.test',
      device: 'Test',
    });
  });

  it('takes an address of an app', async () => {
    const outcome = await client.completeProviderSignIn(flow, 'com.example.app:/open?code=c&state=state-1');
    expect(outcome).toEqual({ kind: 'signed-in' });
  });

  it('asks for the second factor where one is due', async () => {
    gateway.options.asksForSecondFactor = true;
    const outcome = await client.completeProviderSignIn(flow, back('code=c&state=state-1'), { device: 'Phone' });
    if (outcome.kind !== 'second-factor') return expect.fail('a second factor is due');
    await outcome.answer({ code: factorCode });
    expect(client.status).toBe('signed-in');
    expect(gateway.seen.map(({ body }) => (body === '' ? undefined : (JSON.parse(body) as object)))).toMatchObject([
      {},
      { device: 'Phone' },
      { device: 'Phone', mfa_token: 'mfa' },
    ]);
  });

  it.each([
    { name: 'of another flow', query: 'code=c&state=state-2', code: 'SP_PROVIDER_FLOW_INVALID' },
    { name: 'without a state', query: 'code=c', code: 'SP_PROVIDER_FLOW_INVALID' },
    { name: 'with two states', query: 'code=c&state=state-1&state=x', code: 'SP_PROVIDER_FLOW_INVALID' },
    { name: 'with two codes', query: 'code=c&code=d&state=state-1', code: 'SP_PROVIDER_FLOW_INVALID' },
    { name: 'without a code', query: 'state=state-1', code: 'SP_PROVIDER_FLOW_INVALID' },
    { name: 'with an empty code', query: 'code=&state=state-1', code: 'SP_PROVIDER_FLOW_INVALID' },
    { name: 'that failed', query: 'error=server_error&state=state-1', code: 'SP_PROVIDER_FLOW_INVALID' },
    { name: 'of a user who cancelled', query: 'error=access_denied&state=state-1', code: 'SP_PROVIDER_CANCELLED' },
  ])('is refused with an answer $name, of which nothing is sent', async ({ query, code }) => {
    expect(await codeOf(client.completeProviderSignIn(flow, back(query)))).toBe(code);
    expect(gateway.count('/auth/token/provider')).toBe(0);
  });

  it('is refused with another verifier', async () => {
    const other = { ...flow, codeVerifier: 'x'.repeat(43) };
    expect(await codeOf(client.completeProviderSignIn(other, back('code=c&state=state-1')))).toBe(
      'SP_PROVIDER_FLOW_INVALID',
    );
    expect(client.status).toBe('unknown');
  });

  it.each([
    { fault: { status: 503, body: '{"code":"SP_PROVIDER_UNAVAILABLE"}' }, code: 'SP_PROVIDER_UNAVAILABLE' },
    { fault: { status: 422, body: '{"code":"SP_VALIDATION_FAILED"}' }, code: 'SP_VALIDATION_FAILED' },
    { fault: { status: 200, body: '{}' }, code: 'SP_CLIENT_ANSWER_INVALID' },
    { fault: 'cut-reply' as const, code: 'SP_CLIENT_UNAVAILABLE' },
  ])('says why it cannot be begun: $code', async ({ fault, code }) => {
    gateway.fail('/auth/provider-flows', fault);
    expect(await codeOf(client.beginProviderSignIn({ provider: 'google', redirectUri }))).toBe(code);
  });

  it('is not begun without cryptography: no verifier could be made', async () => {
    vi.stubGlobal('crypto', {});
    expect(await codeOf(client.beginProviderSignIn({ provider: 'google', redirectUri }))).toBe(
      'SP_CLIENT_OPTIONS_INVALID',
    );
    expect(gateway.count('/auth/provider-flows')).toBe(1);
  });
});
