import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { providerNames, startProviderGateway, type ProviderGateway, type ProviderName } from './provider-gateway.ts';
import type { Fault, Person } from './stand-in.ts';

/** What the person is told, and the reason that an operator finds. */
type Row = readonly [fault: Fault, code: string, reason: string];

/** What any OpenID provider can do wrong. */
const ofOpenId: readonly Row[] = [
  ['answers 503', 'SP_PROVIDER_UNAVAILABLE', 'provider-failed'],
  ['answers HTML', 'SP_PROVIDER_UNAVAILABLE', 'provider-failed'],
  ['is down', 'SP_PROVIDER_UNAVAILABLE', 'provider-unreachable'],
  ['refuses the client', 'SP_PROVIDER_UNAVAILABLE', 'client-refused'],
  ['refuses the code', 'SP_PROVIDER_UNTRUSTED', 'code-refused'],
  ['is cancelled by the person', 'SP_PROVIDER_CANCELLED', 'cancelled'],
  ['reports an error of its own', 'SP_PROVIDER_UNAVAILABLE', 'provider-failed'],
  ['answers another state', 'SP_PROVIDER_FLOW_INVALID', 'flow-unknown'],
  ['answers no state', 'SP_PROVIDER_FLOW_INVALID', 'flow-unknown'],
  ['names another issuer in its answer', 'SP_PROVIDER_UNTRUSTED', 'response-iss-wrong'],
  ['leaves the code out', 'SP_PROVIDER_FLOW_INVALID', 'code-missing'],
  ['gives no ID token', 'SP_PROVIDER_UNTRUSTED', 'id-token-missing'],
  ['signs as another issuer', 'SP_PROVIDER_UNTRUSTED', 'id-token-iss-wrong'],
  ['signs for another client', 'SP_PROVIDER_UNTRUSTED', 'id-token-aud-wrong'],
  ['signs for several clients', 'SP_PROVIDER_UNTRUSTED', 'id-token-aud-wrong'],
  ['names another authorized party', 'SP_PROVIDER_UNTRUSTED', 'id-token-azp-wrong'],
  ['signs another nonce', 'SP_PROVIDER_UNTRUSTED', 'id-token-nonce-wrong'],
  ['signs no nonce', 'SP_PROVIDER_UNTRUSTED', 'id-token-nonce-missing'],
  ['signs nothing', 'SP_PROVIDER_UNTRUSTED', 'id-token-algorithm-refused'],
  ['signs with its public key as a secret', 'SP_PROVIDER_UNTRUSTED', 'id-token-algorithm-refused'],
  ['signs with the secret of the client', 'SP_PROVIDER_UNTRUSTED', 'id-token-algorithm-refused'],
  ['signs with a key that it does not publish', 'SP_PROVIDER_UNTRUSTED', 'id-token-signature-wrong'],
  ['changes claims after signing', 'SP_PROVIDER_UNTRUSTED', 'id-token-signature-wrong'],
  ['gives a token that has expired', 'SP_PROVIDER_UNTRUSTED', 'id-token-expired'],
  ['gives a token of the future', 'SP_PROVIDER_UNTRUSTED', 'id-token-expired'],
  ['names no subject', 'SP_PROVIDER_UNTRUSTED', 'id-token-sub-missing'],
];

/** GitHub is no OpenID provider: it has no ID token, and its refusals come with status 200. */
const ofGitHub: readonly Row[] = [
  ['answers 503', 'SP_PROVIDER_UNAVAILABLE', 'provider-failed'],
  ['answers HTML', 'SP_PROVIDER_UNAVAILABLE', 'provider-failed'],
  ['is down', 'SP_PROVIDER_UNAVAILABLE', 'provider-unreachable'],
  ['refuses the client', 'SP_PROVIDER_UNAVAILABLE', 'client-refused'],
  ['refuses the code', 'SP_PROVIDER_UNTRUSTED', 'code-refused'],
  ['is cancelled by the person', 'SP_PROVIDER_CANCELLED', 'cancelled'],
  ['reports an error of its own', 'SP_PROVIDER_UNTRUSTED', 'authorization-refused'],
  ['answers another state', 'SP_PROVIDER_FLOW_INVALID', 'flow-unknown'],
  ['answers no state', 'SP_PROVIDER_FLOW_INVALID', 'flow-unknown'],
  ['leaves the code out', 'SP_PROVIDER_FLOW_INVALID', 'code-missing'],
  ['names no subject', 'SP_PROVIDER_UNTRUSTED', 'token-answer-invalid'],
];

/** Its ID tokens have no address, so that its profile is asked. */
const ofCompany: readonly Row[] = [
  ...ofOpenId,
  ['names another subject at its profile', 'SP_PROVIDER_UNTRUSTED', 'userinfo-sub-wrong'],
];

const table = providerNames.flatMap((provider) =>
  (provider === 'github' ? ofGitHub : provider === 'company' ? ofCompany : ofOpenId).map(([fault, code, reason]) => ({
    provider,
    fault,
    code,
    reason,
  })),
);

let gateway: ProviderGateway;

beforeAll(async () => {
  gateway = await startProviderGateway();
  // Each is known from an honest sign-in, so that what it does wrong is met by the callback.
  for (const provider of providerNames) await gateway.signIn(gateway.visit(), provider, personAt(provider));
});
afterAll(() => gateway.close());

describe('a provider that behaves', () => {
  it.each(providerNames)('signs a person in: %s', async (provider) => {
    const seen = await gateway.signIn(gateway.visit(), provider, personAt(provider));
    expect(seen.url.pathname).toBe('/open/asked');
  });
});

describe('a provider that misbehaves', () => {
  it.each(table)('is refused where $provider $fault: $reason', async ({ provider, fault, code, reason }) => {
    const visitor = gateway.visit();
    const person = personAt(provider);
    const stand = gateway.providers[provider];
    stand.enter(person);
    const page = await gateway.begin(visitor, provider);
    stand.misbehave(fault);
    gateway.takeReasons();
    try {
      const seen = await visitor.visitProvider(page);
      expect([seen.url.pathname, seen.url.searchParams.get('refused'), gateway.takeReasons()]).toEqual([
        '/auth/sign-in',
        code,
        [reason],
      ]);
      expect(seen.text).toContain('role="alert"');
    } finally {
      stand.misbehave();
    }
    expect((await visitor.call('GET', '/auth/session')).text).not.toContain('"signed-in"');
    expect(gateway.log()).not.toContain(person.email);
  });

  it('is refused within some seconds where it does not answer', async () => {
    const visitor = gateway.visit();
    gateway.providers.google.enter(personAt('google'));
    const page = await gateway.begin(visitor, 'google');
    gateway.providers.google.misbehave('is slow');
    gateway.takeReasons();
    try {
      const seen = await visitor.visitProvider(page);
      expect(seen.url.searchParams.get('refused')).toBe('SP_PROVIDER_UNAVAILABLE');
      expect(gateway.takeReasons()).toEqual(['provider-slow']);
    } finally {
      gateway.providers.google.misbehave();
    }
  });
});

describe('a provider that renews its keys', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each(['google', 'microsoft', 'apple', 'company'] as const)('is followed: %s', async (provider) => {
    gateway.providers[provider].rotateKeys();
    gateway.takeReasons();
    // Unknown keys make no gateway ask for the set again and again: strangers could send as many as they like.
    const early = await gateway.signIn(gateway.visit(), provider, personAt(provider));
    expect([early.url.searchParams.get('refused'), gateway.takeReasons()]).toEqual([
      'SP_PROVIDER_UNTRUSTED',
      ['id-token-key-unknown'],
    ]);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    expect((await gateway.signIn(gateway.visit(), provider, personAt(provider))).url.pathname).toBe('/open/asked');
  });
});

/** A person that no account belongs to yet, with an address that each provider vouches for in its way. */
function personAt(provider: ProviderName): Person {
  const id = randomUUID().slice(0, 8);
  return {
    subject: provider === 'github' ? String(Number.parseInt(id, 16) + 1) : `subject-${id}`,
    name: 'Pat Person',
    email: `pat-${id}@mail.test`,
    isVerified: true,
    ...(provider === 'microsoft' ? { more: { xms_edov: true } } : {}),
  };
}
