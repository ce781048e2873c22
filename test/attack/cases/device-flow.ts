import { omits, reveals, says } from '../runner/answer-oracles.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { nothing } from '../runner/upstream-oracles.ts';
import { cookieOf, row, type RequestText } from '../runner/write-case.ts';

/* T50 on: sign-ins of devices. No client is registered, and no code is right. */

const t50 = row('T50', 'RFC 8628, section 3.1: codes for clients that are none');
const t51 = row(
  'T51',
  'RFC 8628, section 5.4: a device that is let in by another site, or by a browser without a user',
);
const t52 = row('T52', 'RFC 8628, section 5.1: codes that are guessed');

const needs = 'sallyport' as const;
const client = 'client_00000000000000000000';
const deviceCode = 'grant_type=urn:ietf:params:oauth:grant-type:device_code';
const own = 'Origin: https://app.test';

const post = (target: string, body: string, headers: readonly string[] = []): RequestText => ({
  method: 'POST',
  target,
  headers: ['Content-Type: application/x-www-form-urlencoded', ...headers],
  body,
});
const ask = (body: object, headers: readonly string[]): readonly RequestText[] =>
  [
    { target: '/auth/device/request', body },
    { target: '/auth/device/decision', body: { ...body, decision: 'allow' } },
  ].map((request) => ({
    method: 'POST',
    target: request.target,
    headers: ['Content-Type: application/json', ...headers],
    body: JSON.stringify(request.body),
  }));
const form = (fields: string, headers: readonly string[]): RequestText => post('/auth/device', fields, headers);

export const deviceFlowCases: readonly AttackCase[] = [
  ...t50.requests(
    [
      post('/oauth2/device', ''),
      post('/oauth2/device', `client_id=${client}`),
      post('/oauth2/device', `client_id=${client}`, [cookieOf('root')]),
      post('/oauth2/device', `client_id=${client}`, ['X-API-Key: {key}']),
      post('/oauth2/device', `client_id=${client}&client_id=${client}`),
      post('/oauth2/device', `client_id=https://evil.test/client`),
      post('/oauth2/device', `client_id=__proto__`),
      post('/oauth2/token', `${deviceCode}&device_code=x&client_id=${client}`),
      post('/oauth2/token', `${deviceCode}&device_code=x`),
      post('/oauth2/token', deviceCode, [cookieOf('root')]),
    ],
    {
      status: [400, 401],
      upstream: nothing,
      needs,
      answer: [
        omits('set-cookie'),
        says('cache-control', /no-store/),
        reveals('access_token', 'device_code":').nothingOf,
      ],
    },
  ),
  ...t50.requests([{ target: '/oauth2/device' }, { target: `/oauth2/device?client_id=${client}` }], {
    status: 405,
    upstream: nothing,
    needs,
  }),
  ...t51.requests(ask({ userCode: 'BBBB-BBBB' }, [own]), { status: 401, upstream: nothing, needs }),
  ...t51.requests(
    [['Origin: https://evil.test'], ['Sec-Fetch-Site: cross-site'], ['Origin: null']].flatMap((headers) => [
      ...ask({ userCode: 'BBBB-BBBB' }, [cookieOf('alice'), ...headers]),
      form('user_code=BBBB-BBBB&decision=allow', [cookieOf('alice'), ...headers]),
    ]),
    { status: 403, upstream: nothing, needs },
  ),
  ...t51.requests([form('user_code=BBBB-BBBB&decision=allow', [cookieOf('alice')])], {
    status: 403,
    upstream: nothing,
    needs,
  }),
  ...t52.requests(
    ['BBBB-BBBB', 'bbbb bbbb', 'BBBBBBBB'].flatMap((userCode) => ask({ userCode }, [cookieOf('alice'), own])),
    { status: 404, upstream: nothing, needs },
  ),
  ...t52.requests(
    ['', 'BBBB', '__proto__', '{"$ne":""}', "' or 1=1 --", 'BBBB-BBBB-BBBB', 'AEIO-UAEI'].flatMap((userCode) =>
      ask({ userCode }, [cookieOf('alice'), own]),
    ),
    { status: 422, upstream: nothing, needs },
  ),
  ...t52.requests(
    [{ userCode: { $ne: '' } }, { userCode: ['BBBB-BBBB'] }, {}, { userCode: 'BBBB-BBBB', accountId: 'root' }].flatMap(
      (body) => ask(body, [cookieOf('alice'), own]),
    ),
    { status: 422, upstream: nothing, needs },
  ),
];
