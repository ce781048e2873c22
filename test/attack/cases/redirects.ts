import { fixtureAccounts } from '../fixture/fixture-accounts.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { omits, says } from '../runner/answer-oracles.ts';
import type { Kit } from '../runner/kit.ts';
import type { WireAnswer } from '../runner/wire.ts';
import { nothing } from '../runner/upstream-oracles.ts';
import { row } from '../runner/write-case.ts';
import { redirectPayloads } from './redirect-payloads.ts';

/* R: where a browser is sent. */

const r01 = row('R01', 'oauth2-proxy CVE-2020-5233');
const r02 = row('R02', 'Families of the public payload lists (oauth2-proxy, mod_auth_openidc)');
const r10 = row('R10', 'No bounce into the own flow; a bound on the length');
const r11 = row('R11', 'mod_auth_openidc: parameters that come twice');
const r14 = row('R14', 'mod_auth_openidc: values in pages');

const navigation = [
  'Accept: text/html',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Dest: document',
  'Sec-Fetch-Site: none',
] as const;

export const redirectCases: readonly AttackCase[] = [
  ...r01.requests(
    [
      { target: '/admin/x?next=https://evil.test', headers: navigation },
      { target: '/api/x?returnTo=//evil.test', headers: navigation },
      { target: '/api/x?a=1&b=%2F%2Fevil.test', headers: navigation },
      { target: '/api/x', host: 'shop.test', headers: navigation },
      { target: '/api/x', headers: [...navigation, 'X-Forwarded-Host: evil.test'] },
      { target: '/api/x', headers: [...navigation, 'X-Forwarded-Prefix: //evil.test'] },
    ],
    {
      status: [302, 303],
      upstream: nothing,
      answer: [says('location', /^\/auth\/sign-in\?returnTo=%2F(?!%2F)[^/]*$/), omits('set-cookie')],
    },
  ),
  ...r10.requests([{ target: `/api/${'x'.repeat(4100)}`, headers: navigation }], {
    status: [302, 303],
    upstream: nothing,
    answer: [says('location', /^\/auth\/sign-in$/)],
  }),
  r02.scenario(
    'no return address of the payload families leaves the origin',
    async (kit) => {
      for (const payload of everyNth(redirectPayloads(), 12)) {
        const answer = await signInWith(kit, { returnTo: payload });
        if (answer === undefined || ![200, 400, 422].includes(answer.status))
          return kit.fail(`${JSON.stringify(payload)} was answered ${answer?.status ?? 0}`);
        if (answer.status !== 200) continue;
        const given = readReturnTo(answer.body);
        if (given !== '/') kit.fail(`${JSON.stringify(payload.slice(0, 80))} became ${JSON.stringify(given)}`);
      }
    },
    'sallyport',
  ),
  r02.scenario(
    'pages of this origin are returned to',
    async (kit) => {
      for (const path of [
        '/',
        '/account',
        '/products?page=2&sort=name',
        '/a/b-c_d~e.f#part',
        '/x?next=%2F%2Fevil.test',
        '/authors',
        '/caf%C3%A9',
        '/a/b/',
        '/sign-in-help',
      ]) {
        const answer = await signInWith(kit, { returnTo: path });
        const given = readReturnTo(answer?.body ?? '{}');
        if (given !== path) kit.fail(`${path} became ${JSON.stringify(given)}`);
      }
    },
    'sallyport',
  ),
  r11.scenario(
    'a return address that comes twice leads nowhere else',
    async (kit) => {
      const { email, password } = fixtureAccounts.alice;
      const body = `{"email":"${email}","password":"${password}","returnTo":"/a","returnTo":"//evil.test"}`;
      const answer = await post(kit, body);
      if (answer?.status !== 400) kit.fail(`two members of one name were answered ${answer?.status ?? 0}`);
      const list = await post(kit, `{"email":"${email}","password":"${password}","returnTo":["/a","//evil.test"]}`);
      if (list?.status !== 422 && list?.status !== 400) kit.fail(`a list was answered ${list?.status ?? 0}`);
    },
    'sallyport',
  ),
  ...r11.requests(
    ['/auth/sign-in/email?returnTo=/a&returnTo=//evil.test', '/auth/session?returnTo=/a&return%54o=/b'].map(
      (target) => ({
        method: target.includes('sign-in') ? 'POST' : 'GET',
        target,
        headers: ['Origin: https://app.test', 'Content-Type: application/json'],
        ...(target.includes('sign-in') ? { body: '{}' } : {}),
      }),
    ),
    { status: 400, upstream: nothing },
  ),
  ...r14.requests(
    [
      { target: '/auth/none?returnTo="><script>alert(1)</script>', headers: navigation },
      { target: '/auth/%22%3E%3Cscript%3E', headers: navigation },
      {
        target: '/nowhere/%3Cscript%3Ealert(1)%3C/script%3E'.replace('%3C/script', '%3Cxscript'),
        headers: [...navigation, 'Host2: <script>'],
        method: 'TRACE',
      },
    ],
    {
      status: [400, 404, 405],
      upstream: nothing,
      answer: [
        (answer) =>
          answer.body.includes('<script>alert') || answer.body.includes('"><script')
            ? 'the page repeats the value'
            : undefined,
      ],
    },
  ),
];

/** A password is hashed for each: the rule itself is tried with all of them, in process. */
function everyNth(list: readonly string[], count: number): readonly string[] {
  const step = Math.max(1, Math.floor(list.length / count));
  return list.filter((_, index) => index % step === 0);
}

async function signInWith(kit: Kit, more: Readonly<Record<string, string>>): Promise<WireAnswer | undefined> {
  const { email, password } = fixtureAccounts.alice;
  return post(kit, JSON.stringify({ email, password, ...more }));
}

async function post(kit: Kit, text: string): Promise<WireAnswer | undefined> {
  const body = Buffer.from(text).toString('latin1');
  const wire = await kit.open();
  wire.send(
    `POST /auth/sign-in/email HTTP/1.1\r\nHost: app.test\r\nOrigin: https://app.test\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
  const answer = await wire.next();
  wire.destroy();
  return answer;
}

function readReturnTo(text: string): unknown {
  const body: unknown = JSON.parse(text);
  return typeof body === 'object' && body !== null && 'returnTo' in body ? body.returnTo : undefined;
}
