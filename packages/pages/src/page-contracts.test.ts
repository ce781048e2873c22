import { builtInPages, type PageName } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { fingerprintOfLink } from './cookies/link-cookie.ts';
import { form, pagesOn, problem, providerAnswers, signedIn } from './create-pages.test-support.ts';
import { pageContracts, type PageContract } from './page-contracts.ts';

describe('the contract of a page', () => {
  const otpauth = 'otpauth://totp/x?secret=AAAABBBBCCCCDDDD';
  const answers = [
    problem(401, { code: 'SP_UNAUTHENTICATED' }),
    problem(401, { code: 'SP_STEP_UP_REQUIRED', stepUp: { acr: 'mfa' } }),
    problem(422, { code: 'SP_VALIDATION_FAILED', errors: [{ field: 'email', message: 'is required' }] }),
    () => Response.json({ status: 'none', methods: [], factors: [], recoveryCodesLeft: 0 }),
    () => Response.json({ status: 'pending', purpose: 'verify', methods: [{ method: 'email' }], resendSeconds: 30 }),
    () => Response.json({ status: 'pending', purpose: 'set-up', methods: [{ method: 'sms' }], uri: otpauth }),
    () => Response.json({ status: 'pending', purpose: 'set-up', methods: [{ method: 'sms' }], destination: 'a•••' }),
    () => Response.json({ factors: [{ method: 'totp' }], methods: ['totp'], recoveryCodesLeft: 1, valid: 'valid' }),
    () => Response.json({ status: 'signed-in', returnTo: '/', user: { name: '', email: 'ann@example.test' } }),
    () => Response.json({ methods: [{ method: 'password' }], resendSeconds: 30 }),
    () => Response.json({ methods: [{ method: 'provider', id: 'google', name: 'Google' }], resendSeconds: 30 }),
    () =>
      Response.json({
        status: 'consent',
        client: { name: 'Books', host: 'books.example' },
        account: { name: 'Ann', email: 'ann@example.test' },
        scopes: [{ scope: 'openid', description: 'Know you' }],
      }),
    () => Response.json({ status: 'valid', email: 'ann@example.test', asksFor: ['name', 'newPassword'] }),
  ];
  const account = { id: 'a', provider: 'google', name: 'Google', kind: 'google', isOffered: true };
  const app = { clientId: 'client_1', name: 'Books', allowedAt: '', scopes: [] };
  const connected = {
    '/auth/account/providers': { connected: [account], available: [], hasPassword: true },
    '/auth/account/apps': { apps: [app] },
  };
  const organization = { id: 'org_1', name: 'Acme', createdAt: '', roles: ['owner'], isActive: false };
  const may = { rename: true, delete: true, manageMembers: true, leave: true };
  const member = { user: { id: 'b', name: 'Bob' }, roles: [], joinedAt: '', mayChange: true, mayRemove: true };
  const invitation = { id: 'inv_1', email: 'x@example.test', roles: [], expiresAt: '2030-01-01', isExpired: false };
  const organizations = {
    '/auth/organizations': { organization, organizations: [organization], mayCreate: true },
    '/auth/organizations/org_1': { organization, members: 1, may, offeredRoles: ['owner'], roles: ['owner'] },
    '/auth/organizations/org_1/members': { members: [member], next: 'b' },
    '/auth/organizations/org_1/invitations': { invitations: [invitation] },
    '/auth/organizations/invitations/accept': { organization },
  };
  const invitationLinks = ['invited', 'signed-out', 'another-account'].map((reader) => ({
    '/auth/organizations/invitations/check': {
      status: 'valid',
      organization,
      email: 'ann@example.test',
      invitedBy: 'Bob',
      roles: ['owner'],
      reader,
    },
  }));
  const devices = {
    '/auth/device/request': {
      client: { name: 'Books CLI', homepage: 'https://books.example/' },
      actsForYou: true,
      userCode: 'WDJB-MJHT',
      account: { name: 'Ann', email: 'ann@example.test' },
      scopes: [{ scope: 'openid', description: 'Know you' }],
      address: '203.0.113.7',
      isFromYourNetwork: true,
      requestedAt: '2030-01-01T00:00:00.000Z',
      expiresAt: '2030-01-01T00:10:00.000Z',
    },
    '/auth/device/decision': { status: 'allowed', client: { name: 'Books CLI' } },
  };
  const token = 'a'.repeat(20);
  const link = { cookie: `__Secure-sallyport-link=${token}` };
  const opened = { link: fingerprintOfLink(token), email: 'ann@example.test', asksFor: 'name newPassword' };

  it.each(Object.keys(builtInPages) as PageName[])(
    'of %s names every call and every field of it, and no other call',
    async (name) => {
      const path = name === 'authorize' ? `${builtInPages.authorize}/${'a'.repeat(21)}` : builtInPages[name];
      const { calls: allowed, fields }: PageContract = pageContracts[name];
      const asked = new Set<string>();
      const shown = new Set<string>();
      for (const [index, answer] of answers.entries()) {
        const known = { ...providerAnswers, ...connected, ...organizations, ...devices, ...invitationLinks[index % 3] };
        const { calls, ask } = pagesOn(answer, signedIn, { providers: known });
        const texts: Response[] = [];
        for (const query of [
          '',
          '?id=org_1',
          '?id=org_1&member=b',
          '?id=org_1&member=b&confirm=remove',
          '?id=org_1&confirm=leave',
          '?method=sms',
          '?method=email&sent=email&returnTo=/x&acr_values=mfa&next=security',
        ])
          texts.push(await ask(path + query, { headers: link }));
        for (const values of [
          {},
          { do: 'send' },
          { do: 'confirm', method: 'totp' },
          { do: 'cancel' },
          { method: 'totp' },
          { provider: 'google' },
          { ...opened, name: 'Ann', newPassword: 'violet kettle' },
          { ...opened, do: 'decline' },
          { user_code: 'wdjb mjht' },
          { user_code: 'WDJB-MJHT', decision: 'allow' },
        ])
          texts.push(await ask(path, { ...form(values), headers: { ...form(values).headers, ...link } }));
        for (const one of [
          { do: 'remove', method: 'totp' },
          { do: 'disconnect', account: 'a' },
          { do: 'withdraw', app: 'none' },
          { do: 'sign-out-others' },
          { mail: 'reset-password' },
          ...['rename', 'invite', 'resend', 'withdraw', 'roles', 'leave', 'delete', 'switch'].map((what) => ({
            do: what,
            organization: 'org_1',
          })),
        ])
          texts.push(await ask(path, form(one)));
        for (const text of texts) for (const field of fieldsOf(await text.text(), path)) shown.add(field);
        for (const { method, url } of calls) asked.add(`${method} ${new URL(url).pathname}`);
      }
      const patterns = allowed.map((call) => new RegExp(`^${call.replace(/:\w+/g, '[\\w-]+')}$`));
      expect([...asked].filter((call) => !patterns.some((pattern) => pattern.test(call)))).toEqual([]);
      expect(patterns.filter((pattern) => ![...asked].some((call) => pattern.test(call)))).toEqual([]);
      const ofManagers = ['username'];
      expect([...shown].filter((field) => !(field in fields) && !ofManagers.includes(field))).toEqual([]);
    },
  );

  /** Names in the forms of a page that are sent to the page itself. */
  function fieldsOf(text: string, path: string): readonly string[] {
    const forms = [...text.matchAll(/<form[^>]*>[^]*?<\/form>/g)].map(([one]) => one);
    return forms
      .filter((one) => one.includes(`action="${path}"`))
      .flatMap((one) => [...one.matchAll(/\sname="([^"]*)"/g)].map(([, field = '']) => field))
      .map((field) => field.replace(/^role\..*/, 'role.*'));
  }
});
