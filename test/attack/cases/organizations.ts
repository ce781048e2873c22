import { reveals } from '../runner/answer-oracles.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { nothing } from '../runner/upstream-oracles.ts';
import { cookieOf, row, type RequestText } from '../runner/write-case.ts';

/* T70 on: /auth/organizations. Alice is a member of none; `{key}` is one of hers, `{service}` one of a service account. */

const t70 = row('T70', 'OWASP API5:2023: organizations without a sign-in');
const t71 = row('T71', 'OWASP API1:2023: organizations of others, and handles that are none');
const t72 = row('T72', 'CWE-352: organizations by a page of another site');
const t73 = row('T73', 'OWASP API3:2023: roles and organizations that a request gives itself');
const t74 = row('T74', 'OWASP API4:2023: lists and texts without an end');

const needs = 'sallyport' as const;
const json = 'Content-Type: application/json';
const own = 'Origin: https://app.test';
const other = 'org_00000000000000000000';
const tellsNothing = reveals('"name":', 'alice@app.test', 'org_0000', 'sqlite', 'stack').nothingOf;

/** Every request about one organization. */
const about = (id: string): readonly RequestText[] => [
  { target: `/auth/organizations/${id}` },
  { target: `/auth/organizations/${id}/members` },
  { target: `/auth/organizations/${id}/invitations` },
  { method: 'PATCH', target: `/auth/organizations/${id}`, body: '{"name":"Taken"}' },
  { method: 'DELETE', target: `/auth/organizations/${id}`, body: '{}' },
  { method: 'PUT', target: `/auth/organizations/${id}/members/alice`, body: '{"roles":["owner"]}' },
  { method: 'DELETE', target: `/auth/organizations/${id}/members/alice`, body: '{}' },
  {
    method: 'POST',
    target: `/auth/organizations/${id}/invitations`,
    body: '{"email":"mallory@app.test","roles":["owner"]}',
  },
  { method: 'POST', target: `/auth/organizations/${id}/invitations/inv_00000000000000000000/resend`, body: '{}' },
  { method: 'DELETE', target: `/auth/organizations/${id}/invitations/inv_00000000000000000000`, body: '{}' },
];
const activate = (organization: string): RequestText => ({
  method: 'POST',
  target: '/auth/organizations/active',
  body: `{"organization":${organization}}`,
});
const withHeaders = (requests: readonly RequestText[], ...headers: readonly string[]): readonly RequestText[] =>
  requests.map((request) => ({
    ...request,
    headers: [...headers, ...(request.headers ?? []), ...(request.body === undefined ? [] : [json])],
  }));
const changes = about(other).filter(({ method = 'GET' }) => method !== 'GET');
const make = (body: string): RequestText => ({ method: 'POST', target: '/auth/organizations', body });

export const organizationCases: readonly AttackCase[] = [
  ...t70.requests(withHeaders([...about(other), { target: '/auth/organizations' }, activate('null')], own), {
    status: 401,
    upstream: nothing,
    answer: [tellsNothing],
    needs,
  }),
  // Known by a key, and no member by it: to sign in again would change nothing.
  ...t70.requests(withHeaders([...about(other), { target: '/auth/organizations' }], 'X-API-Key: {key}'), {
    status: [401, 403],
    upstream: nothing,
    answer: [tellsNothing],
    needs,
  }),
  ...t70.requests(withHeaders(about(other), 'X-API-Key: {service}'), {
    status: [401, 403],
    upstream: nothing,
    answer: [tellsNothing],
    needs,
  }),
  ...t71.requests(withHeaders([...about(other), activate(`"${other}"`)], cookieOf('alice'), own), {
    status: 404,
    upstream: nothing,
    answer: [tellsNothing],
    needs,
  }),
  ...t71.requests(withHeaders([...about(other), activate(`"${other}"`)], cookieOf('root'), own), {
    status: 404,
    upstream: nothing,
    answer: [tellsNothing],
    needs,
  }),
  ...t71.requests(
    withHeaders(
      ['0', '-1', 'null', '__proto__', 'constructor', '*', '$ne', "'%20OR%201=1--", '%E2%80%AE', 'a'.repeat(3000)].map(
        (id) => ({ target: `/auth/organizations/${id}/members` }),
      ),
      cookieOf('alice'),
    ),
    { status: [400, 404], upstream: nothing, answer: [tellsNothing], needs },
  ),
  ...t71.requests(
    withHeaders(['{"$ne":null}', '["org_1"]', '1', 'true', '""', '{}'].map(activate), cookieOf('alice'), own),
    { status: [404, 422], upstream: nothing, answer: [tellsNothing], needs },
  ),
  ...t72.requests(
    withHeaders(
      [...changes, make('{"name":"Acme"}'), activate('null')],
      cookieOf('alice'),
      'Origin: https://evil.test',
    ),
    { status: 403, upstream: nothing, needs },
  ),
  ...t72.requests(withHeaders([...changes, make('{"name":"Acme"}')], cookieOf('alice'), 'Sec-Fetch-Site: cross-site'), {
    status: 403,
    upstream: nothing,
    needs,
  }),
  ...t73.requests(
    withHeaders(
      [
        '{"name":"Acme","roles":["owner"]}',
        '{"name":"Acme","owner":"root"}',
        '{"name":"Acme","id":"org_00000000000000000000"}',
        '{"name":"Acme","__proto__":{"roles":["owner"]}}',
        '{"name":{"$ne":null}}',
        '{"name":["Acme"]}',
        '[]',
      ].map(make),
      cookieOf('alice'),
      own,
    ),
    { status: [400, 422], upstream: nothing, needs },
  ),
  ...t74.requests(
    withHeaders(
      ['limit=1000000', 'after=-1', 'after=1e9', `after=${'9'.repeat(400)}`, 'after[$gt]=', 'select=*'].map(
        (query) => ({
          target: `/auth/organizations/${other}/invitations?${query}`,
        }),
      ),
      cookieOf('alice'),
    ),
    { status: [400, 404, 422], upstream: nothing, answer: [tellsNothing], needs },
  ),
  ...t74.requests(
    withHeaders(
      [make(`{"name":"${'a'.repeat(70_000)}"}`), make(`{"name":"${'a'.repeat(61)}"}`)],
      cookieOf('alice'),
      own,
    ),
    { status: [413, 422], upstream: nothing, needs },
  ),
];
