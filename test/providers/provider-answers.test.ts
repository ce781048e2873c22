import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { staffTenant, startProviderGateway, type ProviderGateway } from './provider-gateway.ts';
import type { Person } from './stand-in.ts';
import type { Visitor } from './visitor.ts';

let gateway: ProviderGateway;

beforeAll(async () => {
  gateway = await startProviderGateway();
});
afterAll(() => gateway.close());

interface ShownUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

async function userOf(visitor: Visitor): Promise<ShownUser | undefined> {
  const { text } = await visitor.call('GET', '/auth/session');
  return (JSON.parse(text) as { readonly user?: ShownUser }).user;
}

function person(more: Partial<Person> = {}): Person {
  const id = randomUUID().slice(0, 8);
  return { subject: `subject-${id}`, name: 'Pat Person', email: `pat-${id}@mail.test`, isVerified: true, ...more };
}

const numbered = (more: Partial<Person> = {}): Person =>
  person({ subject: String(Math.floor(Math.random() * 1e9) + 1), ...more });

describe('the answers that Google documents', () => {
  it('make an account at the first sign-in, and lead to the same one from then on', async () => {
    const pat = person({ more: { hd: 'mail.test' } });
    const [first, second] = [gateway.visit(), gateway.visit()];
    expect((await gateway.signIn(first, 'google', pat)).url.pathname).toBe('/open/asked');
    expect(await userOf(first)).toMatchObject({ name: 'Pat Person', email: pat.email });
    // Who they are is issuer and subject: neither the name nor the address.
    await gateway.signIn(second, 'google', { ...pat, email: 'other@mail.test', name: 'New Name' });
    expect((await userOf(second))?.id).toBe((await userOf(first))?.id);
  });

  it('give no session for an address that Google has not verified', async () => {
    const visitor = gateway.visit();
    const seen = await gateway.signIn(visitor, 'google', person({ isVerified: false }));
    expect(seen.url.pathname).toBe('/auth/check-mail');
    expect(await userOf(visitor)).toBeUndefined();
  });

  it('enter no account whose owner alone proved the address', async () => {
    const victim = person();
    const owner = gateway.visit();
    await gateway.signIn(owner, 'company', victim);
    const thief = gateway.visit();
    const seen = await gateway.signIn(thief, 'google', person({ email: victim.email, isVerified: false }));
    expect(seen.url.pathname).toBe('/auth/check-mail');
    expect(await userOf(thief)).toBeUndefined();
    expect(gateway.eventsOf('provider.connected').filter(({ how }) => how === 'same-address')).toEqual([]);
  });

  it('enter the account whose owner proved the same address', async () => {
    const pat = person();
    const [first, second] = [gateway.visit(), gateway.visit()];
    await gateway.signIn(first, 'company', pat);
    await gateway.signIn(second, 'google', person({ email: pat.email }));
    expect((await userOf(second))?.id).toBe((await userOf(first))?.id);
  });
});

describe('the answers that Microsoft documents', () => {
  it.each([true, 1, '1', 'true'])('count an address as proved where xms_edov is %j', async (xms_edov) => {
    const visitor = gateway.visit();
    const seen = await gateway.signIn(visitor, 'microsoft', person({ more: { xms_edov } }));
    expect(seen.url.pathname).toBe('/open/asked');
    expect(await userOf(visitor)).toBeDefined();
  });

  it.each([{}, { xms_edov: false }, { xms_edov: '0' }, { email_verified: true }])(
    'count no address as proved with %j',
    async (more) => {
      const visitor = gateway.visit();
      expect((await gateway.signIn(visitor, 'microsoft', person({ more }))).url.pathname).toBe('/auth/check-mail');
      expect(await userOf(visitor)).toBeUndefined();
    },
  );

  it.each([
    {
      name: 'another tenant than the one that is configured',
      microsoft: { tenant: staffTenant, tenantId: '00000000-0000-4000-8000-000000000001' },
    },
    {
      name: 'a tenant in the issuer that the token itself does not name',
      microsoft: { tenant: 'organizations', issuerTenantId: '00000000-0000-4000-8000-000000000001' },
    },
  ])('are refused with $name', async ({ microsoft }) => {
    const other = await startProviderGateway({ microsoft });
    try {
      const seen = await other.signIn(other.visit(), 'microsoft', person({ more: { xms_edov: true } }));
      expect(seen.url.searchParams.get('refused')).toBe('SP_PROVIDER_UNTRUSTED');
      expect(other.takeReasons()).toEqual(['id-token-iss-wrong']);
    } finally {
      await other.close();
    }
  });

  it('are taken from the one tenant that is configured', async () => {
    const other = await startProviderGateway({ microsoft: { tenant: staffTenant, tenantId: staffTenant } });
    try {
      const seen = await other.signIn(other.visit(), 'microsoft', person({ more: { xms_edov: true } }));
      expect(seen.url.pathname).toBe('/open/asked');
    } finally {
      await other.close();
    }
  });
});

describe('the answers that Apple documents', () => {
  it('come by a form of another site, with the name at the first sign-in alone', async () => {
    const pat = person({
      email: `${randomUUID().slice(0, 8)}@privaterelay.appleid.com`,
      more: { is_private_email: 'true' },
    });
    const { apple } = gateway.providers;
    apple.enter(pat);
    const visitor = gateway.visit();
    const answer = await visitor.readAnswer(await gateway.begin(visitor, 'apple'));
    expect(answer).toMatchObject({ kind: 'form', from: 'https://appleid.apple.com', fields: { user: /./ } });
    expect((await visitor.comeBack(answer)).url.pathname).toBe('/open/asked');
    expect(await userOf(visitor)).toMatchObject({ name: 'Pat Person', email: pat.email });

    const again = gateway.visit();
    const second = await again.readAnswer(await gateway.begin(again, 'apple'));
    expect(second).not.toHaveProperty('fields.user');
    await again.comeBack(second);
    expect(await userOf(again)).toEqual(await userOf(visitor));
  });

  it('are given for a client secret that Apple accepts', () => {
    expect(gateway.providers.apple.asked).toContain('POST appleid.apple.com/auth/token');
    expect(gateway.providers.apple.refusedSecrets).toEqual([]);
  });

  it('believe nothing of an address that stands in `user` alone', async () => {
    const victim = person();
    await gateway.signIn(gateway.visit(), 'company', victim);
    const thief = gateway.visit();
    gateway.providers.apple.enter(person());
    const answer = await thief.readAnswer(await gateway.begin(thief, 'apple'));
    if (answer.kind !== 'form') expect.fail('Apple answers with a form');
    const user = JSON.stringify({ name: { firstName: 'Mal', lastName: 'Mallory' }, email: victim.email });
    await thief.comeBack({ ...answer, fields: { ...answer.fields, user } });
    expect((await userOf(thief))?.email).not.toBe(victim.email);
  });

  it.each(['not json', '{"name":{"firstName":{"a":1}}}', '[]', 'null', `{"name":{"firstName":"${'x'.repeat(9000)}"}}`])(
    'are taken with a `user` that is none: %.40s',
    async (user) => {
      const visitor = gateway.visit();
      gateway.providers.apple.enter(person());
      const answer = await visitor.readAnswer(await gateway.begin(visitor, 'apple'));
      if (answer.kind !== 'form') expect.fail('Apple answers with a form');
      const seen = await visitor.comeBack({ ...answer, fields: { ...answer.fields, user } });
      expect(seen.url.pathname).toBe('/open/asked');
    },
  );
});

describe('the answers that GitHub documents', () => {
  it('are the profile and the primary address, whatever the profile shows', async () => {
    const visitor = gateway.visit();
    const { github } = gateway.providers;
    const pat = numbered();
    const primary = `primary-${pat.email}`;
    github.setEmails([
      { email: 'old@mail.test', primary: false, verified: true, visibility: null },
      { email: primary, primary: true, verified: true, visibility: 'private' },
    ]);
    try {
      expect((await gateway.signIn(visitor, 'github', pat)).url.pathname).toBe('/open/asked');
      expect(await userOf(visitor)).toMatchObject({ email: primary });
    } finally {
      github.setEmails(undefined);
    }
    expect(github.asked).toEqual(expect.arrayContaining(['GET api.github.com/user', 'GET api.github.com/user/emails']));
  });

  it.each([
    { name: 'is not verified', emails: [{ email: 'pat@mail.test', primary: true, verified: false, visibility: null }] },
    {
      name: 'is not verified, while another one is',
      emails: [
        { email: 'pat2@mail.test', primary: true, verified: false, visibility: null },
        { email: 'victim@mail.test', primary: false, verified: true, visibility: null },
      ],
    },
  ])('give no session where the primary address $name', async ({ emails }) => {
    const visitor = gateway.visit();
    gateway.providers.github.setEmails(emails);
    try {
      expect((await gateway.signIn(visitor, 'github', numbered())).url.pathname).toBe('/auth/check-mail');
    } finally {
      gateway.providers.github.setEmails(undefined);
    }
    expect(await userOf(visitor)).toBeUndefined();
  });

  it.each([
    { name: 'there is none', refused: 'SP_PROVIDER_EMAIL_MISSING', reason: 'email-missing', scopes: undefined },
    {
      name: 'the person kept them back',
      refused: 'SP_PROVIDER_EMAIL_MISSING',
      reason: 'email-missing',
      scopes: ['read:user'],
    },
  ])('are refused without addresses because $name', async ({ refused, reason, scopes }) => {
    const { github } = gateway.providers;
    github.setEmails([]);
    github.grantScopes(scopes);
    gateway.takeReasons();
    try {
      const seen = await gateway.signIn(gateway.visit(), 'github', numbered());
      expect(seen.url.searchParams.get('refused')).toBe(refused);
      expect(gateway.takeReasons()).toEqual([reason]);
    } finally {
      github.setEmails(undefined);
      github.grantScopes(undefined);
    }
  });
});

describe('an answer of a provider', () => {
  const begin = async (visitor: Visitor) => {
    gateway.providers.company.enter(person());
    gateway.takeReasons();
    return visitor.readAnswer(await gateway.begin(visitor, 'company'));
  };
  const refusedFor = async (reason: string, visitor: Visitor, answer: Awaited<ReturnType<typeof begin>>) => {
    const seen = await visitor.comeBack(answer);
    expect(seen.url.searchParams.get('refused')).toBe('SP_PROVIDER_FLOW_INVALID');
    expect(gateway.takeReasons()).toEqual([reason]);
  };

  it('is looked at once', async () => {
    const visitor = gateway.visit();
    const answer = await begin(visitor);
    const cookies = [...visitor.cookies];
    await visitor.comeBack(answer);
    expect(await userOf(visitor)).toBeDefined();
    // Another browser with a copy of all that the first one had.
    const copy = gateway.visit();
    for (const [name, value] of cookies) copy.keep(`${name}=${value}; Path=/; SameSite=Lax`);
    await refusedFor('callback-replayed', copy, answer);
    expect(await userOf(copy)).toBeUndefined();
  });

  it('signs no user in in a browser that did not ask for it', async () => {
    const attacker = gateway.visit();
    const answer = await begin(attacker);
    const victim = gateway.visit();
    await refusedFor('flow-of-another-browser', victim, answer);
    expect(await userOf(victim)).toBeUndefined();
  });

  it('belongs to the provider that was asked', async () => {
    const visitor = gateway.visit();
    const answer = await begin(visitor);
    const url = answer.url.replace('/callback/company', '/callback/google');
    await refusedFor('flow-of-another-provider', visitor, { ...answer, url });
    expect(await userOf(visitor)).toBeUndefined();
  });

  it('is taken by the newest of two sign-ins that one browser began', async () => {
    const visitor = gateway.visit();
    const first = await begin(visitor);
    const second = await begin(visitor);
    await refusedFor('flow-of-another-browser', visitor, first);
    expect((await visitor.comeBack(second)).url.pathname).toBe('/open/asked');
  });
});

describe('a provider that cannot be asked for its configuration', () => {
  it.each(['is down', 'answers 503'] as const)('begins no sign-in where it %s', async (fault) => {
    const other = await startProviderGateway();
    try {
      other.providers.google.misbehave(fault);
      const answer = await other.visit().call('POST', '/auth/sign-in/provider', { provider: 'google' });
      expect([answer.status, (JSON.parse(answer.text) as { code: string }).code]).toEqual([
        503,
        'SP_PROVIDER_UNAVAILABLE',
      ]);
      // The others are asked as if nothing were wrong.
      expect((await other.signIn(other.visit(), 'company', person())).url.pathname).toBe('/open/asked');
    } finally {
      await other.close();
    }
  });

  it('is not there where the configuration does not name it', async () => {
    const answer = await gateway.visit().call('POST', '/auth/sign-in/provider', { provider: 'facebook' });
    expect(answer.status).toBe(404);
  });
});
