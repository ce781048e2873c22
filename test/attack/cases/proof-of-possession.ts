import { omits, reveals, says } from '../runner/answer-oracles.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { anonymous, nothing, user } from '../runner/upstream-oracles.ts';
import { cookieOf, row, type RequestText } from '../runner/write-case.ts';

/* T60 on: pushed authorization requests and proofs of possession. No client is registered, and no token is bound. */

const t60 = row('T60', 'RFC 9126, section 2: requests that are left behind for clients that are none');
const t61 = row('T61', 'RFC 9126, section 7.3: request URIs that were never given');
const t62 = row('T62', 'RFC 9449, section 7: proofs in place of a token, and tokens without a proof');
const t63 = row('T63', 'RFC 9449, section 11.3: proofs that reach a service, which could use them');

const needs = 'sallyport' as const;
const client = 'client_00000000000000000000';
const evil = encodeURIComponent('https://evil.test/cb');
const urn = 'urn:ietf:params:oauth:request_uri:';
/** `{"typ":"dpop+jwt","alg":"ES256"}`, an empty payload, and a signature of nothing. */
const emptyProof = 'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2In0.e30.AAAA';

const push = (body: string, headers: readonly string[] = []): RequestText => ({
  method: 'POST',
  target: '/oauth2/par',
  headers: ['Content-Type: application/x-www-form-urlencoded', ...headers],
  body,
});

export const proofOfPossessionCases: readonly AttackCase[] = [
  ...t60.requests(
    [
      '',
      `client_id=${client}`,
      `client_id=${client}&redirect_uri=${evil}&response_type=code`,
      `client_id=${client}&client_secret=x&response_type=code`,
      `client_id=${client}&request_uri=${urn}x`,
      `client_id=${client}&request=eyJhbGciOiJub25lIn0.e30.`,
      `client_id=${client}&client_id=${client}`,
      'client_id=__proto__',
    ].flatMap((body) => [
      push(body),
      push(body, [cookieOf('root')]),
      push(body, [`DPoP: ${emptyProof}`]),
      push(body, ['X-API-Key: {key}']),
    ]),
    {
      status: [400, 401],
      upstream: nothing,
      needs,
      answer: [omits('set-cookie', 'location'), says('cache-control', /no-store/), reveals('request_uri":').nothingOf],
    },
  ),
  ...t60.requests(
    ['GET', 'PUT', 'DELETE', 'PATCH'].map((method) => ({ method, target: '/oauth2/par' })),
    { status: 405, upstream: nothing, needs },
  ),
  ...t61.requests(
    [`${urn}x`, `${urn}${'A'.repeat(43)}`, urn, 'https://evil.test/request', 'file:///etc/passwd', `${urn}../../x`].map(
      (uri) => ({
        target: `/oauth2/auth?client_id=${client}&request_uri=${encodeURIComponent(uri)}`,
        headers: [cookieOf('alice')],
      }),
    ),
    { status: [400, 401], upstream: nothing, needs, answer: [omits('location')] },
  ),
  ...t62.requests(
    [
      ['Authorization: DPoP sp_at_x', `DPoP: ${emptyProof}`],
      ['Authorization: DPoP', `DPoP: ${emptyProof}`],
      [`Authorization: DPoP ${emptyProof}`, `DPoP: ${emptyProof}`],
      [`Authorization: Bearer ${emptyProof}`, `DPoP: ${emptyProof}`],
      ['Authorization: DPoP a.b.c', 'DPoP: a.b.c', 'DPoP: a.b.c'],
      ['Authorization: DPoP {root}'],
    ].map((headers) => ({ target: '/api/x', headers })),
    { status: 401, upstream: nothing },
  ),
  ...t62.requests([{ target: '/api/x', headers: [`DPoP: ${emptyProof}`] }], { status: 401, upstream: nothing }),
  ...t63.requests(
    ['DPoP', 'dpop', 'D-PoP', 'D_PoP'].map((name) => ({
      target: '/api/x',
      headers: [cookieOf('alice'), `${name}: ${emptyProof}`],
    })),
    { status: 200, upstream: user('alice', { without: ['dpop'], nowhere: [emptyProof] }) },
  ),
  ...t63.requests([{ target: '/public/x', headers: [`DPoP: ${emptyProof}`] }], {
    status: 200,
    upstream: anonymous({ without: ['dpop'], nowhere: [emptyProof] }),
  }),
];
