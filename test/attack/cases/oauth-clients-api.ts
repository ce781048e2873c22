import { reveals } from '../runner/answer-oracles.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { nothing } from '../runner/upstream-oracles.ts';
import { cookieOf, row, type RequestText } from '../runner/write-case.ts';

/* T36 on: /manage/oauth-clients. `{service}` is a key of a service account with "oauth-client:read"; `{key}` is one of alice's. */

const t36 = row('T36', 'RFC 7591, section 5: who registers a client');
const t37 = row('T37', 'OWASP API5:2023: a key that looks, and registers');
const t38 = row('T38', 'OWASP API1:2023: ids that are none, or lead elsewhere');
const t39 = row('T39', 'RFC 6749, section 10.2: secrets of clients in answers');

const needs = 'sallyport' as const;
const json = 'Content-Type: application/json';
const service = 'X-API-Key: {service}';
const client =
  '{"name":"Mallory","trust":"first-party","authentication":"none","grantTypes":["authorization_code"],"redirectUris":["https://evil.test/cb"],"scopes":["openid"]}';
const place = '/manage/oauth-clients';
const id = 'client_00000000000000000000';
const noSecrets = reveals('sp_cs_', 'secretHash', 'Hash', 'sp_key_').nothingOf;

/** Every request that would change something, whose id is of the form of one. */
const changes: readonly RequestText[] = [
  { method: 'POST', target: place, body: client },
  { method: 'PATCH', target: `${place}/${id}`, body: '{"redirectUris":["https://evil.test/cb"]}' },
  { method: 'POST', target: `${place}/${id}/secret`, body: '{"overlapSeconds":0}' },
  { method: 'PUT', target: `${place}/${id}/disabled`, body: '{}' },
  { method: 'DELETE', target: `${place}/${id}/disabled`, body: '{}' },
  { method: 'DELETE', target: `${place}/${id}`, body: '{}' },
];
const reads: readonly RequestText[] = [{ target: place }, { target: `${place}/${id}` }];
const withHeaders = (requests: readonly RequestText[], ...headers: readonly string[]): readonly RequestText[] =>
  requests.map((request) => ({
    ...request,
    headers: [...headers, ...(request.headers ?? []), ...(request.body === undefined ? [] : [json])],
  }));
const all = [...reads, ...changes];

export const oauthClientCases: readonly AttackCase[] = [
  ...t36.requests(withHeaders(all), { status: 401, upstream: nothing, needs }),
  ...t36.requests(withHeaders(reads, cookieOf('root')), { status: 401, upstream: nothing, needs }),
  ...t36.requests(withHeaders(changes, cookieOf('root'), 'Origin: https://app.test'), {
    status: 401,
    upstream: nothing,
    needs,
  }),
  ...t36.requests(withHeaders(all, 'X-API-Key: {key}'), { status: 403, upstream: nothing, needs }),
  ...t36.requests(withHeaders(all, 'Authorization: Bearer {service}'), { status: 401, upstream: nothing, needs }),
  ...t36.requests(withHeaders(all, service, cookieOf('root')), { status: 400, upstream: nothing, needs }),
  ...t36.requests(withHeaders(changes, service, 'Origin: https://evil.test'), {
    status: 403,
    upstream: nothing,
    needs,
  }),
  ...t37.requests(withHeaders(changes, service), { status: 403, upstream: nothing, needs }),
  ...t37.requests(
    withHeaders(
      [
        'X-HTTP-Method-Override: DELETE',
        'X-Method-Override: PATCH',
        'X-Sallyport-Permissions: oauth-client:manage',
        'X-Forwarded-User: root',
      ].map((line) => ({ method: 'POST', target: place, headers: [line], body: client })),
      service,
    ),
    { status: 403, upstream: nothing, needs },
  ),
  ...t37.requests(
    withHeaders(
      [
        { method: 'PUT', target: place, body: '[]' },
        { method: 'DELETE', target: place },
        { method: 'PUT', target: `${place}/${id}`, body: client },
        { method: 'GET', target: `${place}/${id}/secret` },
        { method: 'POST', target: `${place}/${id}`, body: '{"_method":"DELETE"}' },
      ],
      service,
    ),
    { status: 405, upstream: nothing, needs },
  ),
  ...t38.requests(
    withHeaders(
      [
        '0',
        'null',
        '__proto__',
        'constructor',
        'client_',
        `${id}0`,
        `${id}%00`,
        "'%20OR%201=1--",
        '$ne',
        '*',
        'a'.repeat(3000),
      ].map((name) => ({ target: `${place}/${name}` })),
      service,
    ),
    { status: [400, 404], upstream: nothing, answer: [noSecrets], needs },
  ),
  ...t38.requests(
    withHeaders(
      [
        { target: `${place}/` },
        { target: `${place};x` },
        { target: `${place}/%2e%2e/users` },
        { target: '/manage/%6fauth-clients' },
        { target: '/auth/../manage/oauth-clients' },
        { target: '/auth/manage/oauth-clients' },
      ],
      cookieOf('root'),
    ),
    { status: [200, 303, 400, 401, 404], upstream: nothing, answer: [noSecrets], needs },
  ),
  ...t39.requests(withHeaders([{ target: place }, { target: `${place}?limit=100` }], service), {
    status: 200,
    upstream: nothing,
    answer: [noSecrets],
    needs,
  }),
  ...t39.requests(
    withHeaders(
      [
        'fields=secret',
        'include=secret',
        'select=*',
        'limit=0',
        'limit=101',
        'limit=1e9',
        'after=$ne',
        'after[$gt]=',
      ].map((query) => ({ target: `${place}?${query}` })),
      service,
    ),
    { status: [400, 422], upstream: nothing, answer: [noSecrets], needs },
  ),
];
