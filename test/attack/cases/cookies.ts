import type { AttackCase } from '../runner/attack-case.ts';
import { omits, says } from '../runner/answer-oracles.ts';
import { anonymous, either, nothing, user } from '../runner/upstream-oracles.ts';
import { cookieOf, row } from '../runner/write-case.ts';
import { fixtureAccounts } from '../fixture/fixture-accounts.ts';
import { sessionValue } from '../fixture/session-value.ts';
import { headerOf } from '../runner/wire.ts';

/* C: what counts as the session cookie. */

const c02 = row('C02', 'Cookie tossing; RFC 6265');
const c03 = row('C03', 'Parsers of cookies disagree');
const c04 = row('C04', 'PortSwigger: cookie sandwich');
const c05 = row('C05', 'RFC 6265bis: nameless cookies');
const c06 = row('C06', 'White space that trim() knows');
const c07 = row('C07', 'authentik CVE-2026-25748; mod_auth_openidc CVE-2024-24814');
const c08 = row('C08', 'mod_auth_openidc CVE-2024-24814');
const c09 = row('C09', 'Guessed values');
const c10 = row('C10', 'Cookie tossing from a sibling domain');
const c11 = row('C11', 'Session fixation; oauth2-proxy manager.go');
const c16 = row('C16', 'oauth2-proxy CVE-2026-34457, GHSA-f24x');

const stranger = { status: 401, upstream: nothing, answer: [omits('set-cookie')] } as const;

/** Every one of these is no session: closed where one is needed, a stranger elsewhere. */
const noSession = (rows: ReturnType<typeof row>, values: readonly string[]): readonly AttackCase[] => [
  ...rows.requests(
    values.map((value) => ({ target: '/api/x', headers: [`Cookie: ${value}`] })),
    stranger,
  ),
  ...rows.requests(
    values.map((value) => ({ target: '/page', headers: [`Cookie: ${value}`] })),
    {
      status: 200,
      upstream: anonymous(),
    },
  ),
];

export const cookieCases: readonly AttackCase[] = [
  ...noSession(c02, [
    '{cookie}={alice}; {cookie}={root}',
    '{cookie}={root}; {cookie}={alice}',
    '{cookie}={alice}; {cookie}=',
    '{cookie}=; {cookie}={alice}',
    '{cookie}={alice}; {cookie}=x; {cookie}={alice}',
    '{cookie}={alice};{cookie}={root}',
    '{cookie}={alice}; a=b; {cookie}={root}',
  ]),
  ...c02.requests([{ target: '/api/x', headers: [cookieOf('alice'), cookieOf('root')] }], stranger),
  ...c02.requests([{ target: '/admin/x', headers: ['Cookie: {cookie}={alice}; {cookie}={root}'] }], stranger),
  ...c02.requests([{ target: '/api/x', headers: ['Cookie: {cookie}={alice}; {cookie}={alice}'] }], {
    status: [200, 401],
    upstream: either(nothing, user('alice')),
  }),
  ...noSession(c03, [
    '{cookie}={alice},x=y',
    '{cookie}={alice} x',
    '{cookie}: {alice}',
    '{cookie}%3D{alice}',
    '{cookie}={alice}=',
    '{cookie}=={alice}',
    '{cookie}={alice}\\',
    '{cookie}=%22{alice}%22',
    '{cookie}={alice}%20',
    '{cookie}={alice}.',
    'a={cookie}={alice}',
    'a=b, {cookie}={alice}',
    'a=b,{cookie}={alice}',
    'a="{cookie}={alice}"',
  ]),
  ...noSession(c04, [
    '$Version=1; a="x; {cookie}={alice}x; b=y"',
    '{cookie}="{alice}"',
    `{cookie}='{alice}'`,
    '$Version=1; {cookie}="{alice}"; $Path=/',
    '{cookie}="{alice}',
    '{cookie}={alice}"',
  ]),
  ...c04.requests([{ target: '/api/x', headers: ['Cookie: $Version=1; a="x; {cookie}={alice}; b=y"'] }], {
    status: 200,
    upstream: user('alice'),
  }),
  ...noSession(c05, [
    '={cookie}={alice}',
    '= {cookie}={alice}',
    '=; ={cookie}={alice}',
    '=={cookie}={alice}',
    '{cookie}',
    '={alice}',
    ';={cookie}={alice};',
  ]),
  ...noSession(c06, [
    '\u00a0{cookie}={alice}',
    '{cookie}\u00a0={alice}',
    '{cookie}=\u00a0{alice}',
    '{cookie}={alice}\u00a0',
    '\u0085{cookie}={alice}',
    '{cookie} ={alice}',
    '{cookie}= {alice}',
    '{cookie}\t={alice}',
    'a=b;\u00a0{cookie}={alice}',
    '\u00ad{cookie}={alice}',
    '\u00ef\u00bb\u00bf{cookie}={alice}',
  ]),
  ...noSession(c07, [
    '{cookie}=',
    '{cookie}=a',
    `{cookie}=${'a'.repeat(31)}`,
    `{cookie}=${'a'.repeat(33)}`,
    `{cookie}=${'a'.repeat(4096)}`,
    `{cookie}=${'A'.repeat(12_000)}`,
    '{cookie}=%00{alice}',
    '{cookie}={alice}%00',
    '{cookie}=../../../../../../etc/passwd',
    '{cookie}=\u00ff\u00fe\u0080\u0090',
    '{cookie}=null',
    '{cookie}=undefined',
    '{cookie}=[object Object]',
    '{cookie}={}',
    '{cookie}=__proto__',
    '{cookie}=constructor',
    "{cookie}=' or '1'='1",
    '{cookie}=eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.',
    '{cookie}=*',
    '{cookie}=session:*',
    `{cookie}=${'%41'.repeat(32)}`,
  ]),
  ...c07.requests([{ target: '/api/x', headers: [`Cookie: {cookie}=${'a'.repeat(65_536)}`] }], {
    status: 431,
    upstream: nothing,
  }),
  ...noSession(c08, [
    `{cookie}.0={alice}; {cookie}.1=x`,
    `{cookie}.count=999999999; {cookie}.0={alice}`,
    Array.from({ length: 90 }, (_, index) => `{cookie}.${index}=x`).join('; '),
    '{cookie}.-1={alice}',
    '{cookie}[]={alice}',
    '{cookie}[0]={alice}',
    '{cookie}_0={alice}',
  ]),
  ...noSession(c09, [
    '{cookie}=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '{cookie}=00000000000000000000000000000000',
    `{cookie}=${'x'.repeat(43)}`,
    `{cookie}=${'-'.repeat(32)}`,
  ]),
  ...noSession(c10, [
    'sallyport={alice}',
    'sid={alice}',
    '__Secure-sallyport={alice}',
    '__host-sallyport={alice}',
    '__HOST-SALLYPORT={alice}',
    'session={alice}',
    '__Host-Http-sallyport={alice}',
    '__Host-sallyport2={alice}',
    '__Host-sallypor={alice}',
    'x__Host-sallyport={alice}',
  ]),
  c11.scenario(
    'a new sign-in makes a new session, and ends the one that the browser had',
    async (kit) => {
      const { gateway, cookieName } = kit.address;
      const first = await sessionValue(gateway, fixtureAccounts.alice);
      const body = JSON.stringify({ email: fixtureAccounts.alice.email, password: fixtureAccounts.alice.password });
      const wire = await kit.open();
      wire.send(
        `POST /auth/sign-in/email HTTP/1.1\r\nHost: app.test\r\nOrigin: https://app.test\r\nContent-Type: application/json\r\nCookie: ${cookieName}=${first}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      const answer = await wire.next();
      const second = /=([^;]+)/.exec(headerOf(answer ?? { status: 0, headers: [], body: '' }, 'set-cookie') ?? '')?.[1];
      if (second === undefined || second === first) kit.fail('signing in did not make a new session');
      if ((await statusWith(kit, first)) !== 401) kit.fail('the session from before the sign-in still opens');
      if ((await statusWith(kit, second ?? '')) !== 200) kit.fail('the new session does not open');
    },
    'sallyport',
  ),
  c11.scenario(
    'a planted value does not become a session',
    async (kit) => {
      const { gateway, cookieName } = kit.address;
      const planted = 'AttackersOwnChoiceOfASessionToke';
      const body = JSON.stringify({ email: fixtureAccounts.alice.email, password: fixtureAccounts.alice.password });
      const wire = await kit.open();
      wire.send(
        `POST /auth/sign-in/email HTTP/1.1\r\nHost: app.test\r\nOrigin: https://app.test\r\nContent-Type: application/json\r\nCookie: ${cookieName}=${planted}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      const answer = await wire.next();
      if (answer?.status !== 200) kit.fail(`the sign-in at ${gateway} was answered ${answer?.status ?? 0}`);
      if ((await statusWith(kit, planted)) !== 401) kit.fail('the planted value opens');
    },
    'sallyport',
  ),
  c16.scenario(
    'signing out clears the cookie as it was set, and the session is dead',
    async (kit) => {
      const { gateway, cookieName } = kit.address;
      const value = await sessionValue(gateway, fixtureAccounts.alice);
      const wire = await kit.open();
      wire.send(
        `POST /auth/sign-out HTTP/1.1\r\nHost: app.test\r\nOrigin: https://app.test\r\nContent-Type: application/json\r\nCookie: ${cookieName}=${value}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
      );
      const answer = await wire.next();
      if (answer === undefined || answer.status >= 300) kit.fail(`signing out was answered ${answer?.status ?? 0}`);
      const problems = [
        says('set-cookie', new RegExp(`${cookieName}=;.*Max-Age=0`, 'i')),
        says('set-cookie', /Path=\//),
        says('set-cookie', /HttpOnly/),
        says('set-cookie', /Secure/),
        says('cache-control', /no-store/),
      ].flatMap((check) => (answer === undefined ? [] : (check(answer) ?? [])));
      if (problems.length > 0) kit.fail(problems.join('; '));
      if ((await statusWith(kit, value)) !== 401) kit.fail('the session still opens');
    },
    'sallyport',
  ),
];

async function statusWith(
  kit: Parameters<Extract<AttackCase, { kind: 'scenario' }>['run']>[0],
  value: string,
): Promise<number> {
  const wire = await kit.open();
  wire.send(
    `GET /api/x HTTP/1.1\r\nHost: app.test\r\nCookie: ${kit.address.cookieName}=${value}\r\nConnection: close\r\n\r\n`,
  );
  return (await wire.next())?.status ?? 0;
}
