import { reveals } from '../runner/answer-oracles.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { nothing, user } from '../runner/upstream-oracles.ts';
import { cookieOf, row, type RequestText } from '../runner/write-case.ts';

/* T30 on: /manage/users and /manage/roles. `{service}` is a key of a service account with "user:read"; `{key}` is one of alice's. */

const t30 = row('T30', 'OWASP API5:2023: functions of administrators for others');
const t31 = row('T31', 'OWASP API5:2023: a key that looks, and changes');
const t32 = row('T32', 'OWASP API1:2023: ids that are none, or lead elsewhere');
const t33 = row('T33', 'OWASP API3:2023: properties that are none of the answer');
const t34 = row('T34', 'CWE-943: operators and injections in filters');
const t35 = row('T35', 'OWASP API4:2023: lists without an end');

const needs = 'sallyport' as const;
const json = 'Content-Type: application/json';
const service = 'X-API-Key: {service}';
const account = '{"email":"mallory@app.test","name":"Mallory","roles":["admin"]}';
const noSecrets = reveals('password', 'Hash', '$argon2', '$2b$', 'sp_key_').nothingOf;

/** Every request that would change something, whose id is of the form of one. */
const changes: readonly RequestText[] = [
  { method: 'POST', target: '/manage/users', body: account },
  { method: 'POST', target: '/manage/users/00000000-0000-4000-8000-000000000000/invitation', body: '{}' },
  { method: 'PUT', target: '/manage/users/00000000-0000-4000-8000-000000000000/roles', body: '{"roles":["admin"]}' },
  { method: 'PUT', target: '/manage/users/00000000-0000-4000-8000-000000000000/ban', body: '{}' },
  { method: 'DELETE', target: '/manage/users/00000000-0000-4000-8000-000000000000/ban', body: '{}' },
  { method: 'DELETE', target: '/manage/users/00000000-0000-4000-8000-000000000000', body: '{}' },
  { method: 'PUT', target: '/manage/roles/user', body: '{"permissions":["user:manage"],"version":null}' },
  { method: 'DELETE', target: '/manage/roles/admin?version=1', body: '{}' },
];
const reads: readonly RequestText[] = [{ target: '/manage/users' }, { target: '/manage/users/alice' }];
const withHeaders = (requests: readonly RequestText[], ...headers: readonly string[]): readonly RequestText[] =>
  requests.map((request) => ({
    ...request,
    headers: [...headers, ...(request.headers ?? []), ...(request.body === undefined ? [] : [json])],
  }));
const all = [...reads, ...changes];

export const usersApiCases: readonly AttackCase[] = [
  ...t30.requests(withHeaders(all), { status: 401, upstream: nothing, needs }),
  ...t30.requests(withHeaders(reads, cookieOf('root')), { status: 401, upstream: nothing, needs }),
  ...t30.requests(withHeaders(changes, cookieOf('root'), 'Origin: https://app.test'), {
    status: 401,
    upstream: nothing,
    needs,
  }),
  ...t30.requests(withHeaders(all, 'X-API-Key: {key}'), { status: 403, upstream: nothing, needs }),
  ...t30.requests(withHeaders(all, 'Authorization: Bearer {service}'), { status: 401, upstream: nothing, needs }),
  ...t30.requests(withHeaders(all, service, cookieOf('root')), { status: 400, upstream: nothing, needs }),
  ...t30.requests(
    withHeaders(
      [
        { target: '/manage/users/' },
        { target: '/manage/users//' },
        { target: '/manage//users' },
        { target: '/manage/users;x' },
        { target: '/manage/users/%2e%2e/users' },
        { target: '/manage/%75sers' },
        { target: '/auth/../manage/users' },
        { target: '/auth/manage/users' },
      ],
      cookieOf('root'),
    ),
    { status: [200, 303, 400, 401, 404], upstream: nothing, answer: [noSecrets], needs },
  ),
  // Other paths, which belong to the route beside it and not to the API.
  ...t30.requests(withHeaders([{ target: '/Manage/Users' }, { target: '/manage/users.json' }], cookieOf('root')), {
    status: 200,
    upstream: user('root'),
    needs,
  }),
  ...t31.requests(withHeaders(changes, service), { status: 403, upstream: nothing, needs }),
  ...t31.requests(
    withHeaders(
      [
        'X-HTTP-Method-Override: DELETE',
        'X-Method-Override: PUT',
        'X-HTTP-Method: DELETE',
        'X-Sallyport-Permissions: user:manage',
        'X-Forwarded-User: root',
      ].map((line) => ({ method: 'POST', target: '/manage/users', headers: [line], body: account })),
      service,
    ),
    { status: 403, upstream: nothing, needs },
  ),
  ...t31.requests(
    withHeaders(
      [
        { method: 'PATCH', target: '/manage/users/alice', body: '{"roles":["admin"]}' },
        { method: 'POST', target: '/manage/users/alice', body: '{"_method":"DELETE"}' },
        { method: 'PUT', target: '/manage/users', body: '[]' },
        { method: 'DELETE', target: '/manage/users' },
        { method: 'GET', target: '/manage/users/alice/roles' },
      ],
      service,
    ),
    { status: 405, upstream: nothing, needs },
  ),
  ...t32.requests(
    withHeaders(
      [
        'alice',
        '0',
        '-1',
        'null',
        'undefined',
        '__proto__',
        'constructor',
        'a'.repeat(100),
        'a'.repeat(3000),
        'alice%20',
        'alice%0a',
        'alice@app.test',
        "'%20OR%201=1--",
        '$ne',
        '*',
        '%E2%80%AE',
      ].map((id) => ({ target: `/manage/users/${id}` })),
      service,
    ),
    { status: [400, 404], upstream: nothing, answer: [noSecrets, reveals('alice@app.test","').nothingOf], needs },
  ),
  ...t33.requests(
    withHeaders([{ target: '/manage/users' }, { target: '/manage/users?email=alice@app.test' }], service),
    {
      status: 200,
      upstream: nothing,
      answer: [noSecrets],
      needs,
    },
  ),
  ...t33.requests(
    withHeaders(
      [
        'fields=password',
        'include=sessions',
        'select=*',
        'expand=account',
        'sort=password',
        'format=csv',
        'callback=x',
      ].map((query) => ({ target: `/manage/users?${query}` })),
      service,
    ),
    { status: 422, upstream: nothing, needs },
  ),
  ...t34.requests(
    withHeaders(
      [
        'email[$ne]=x',
        'email[]=alice@app.test',
        'role=%25',
        'role=user%27--',
        'role[$regex]=.*',
        'status=active%00',
        'createdFrom=%27',
        'createdBefore={%22$gt%22:0}',
        'after=%27%20OR%20%271%27=%271',
        'after[$gt]=',
        'limit=1;DROP',
        'email=%00',
        'email=a@b@c',
      ].map((query) => ({ target: `/manage/users?${query}` })),
      service,
    ),
    { status: [400, 422], upstream: nothing, needs },
  ),
  ...t34.requests(
    withHeaders(
      [{ target: '/manage/users?role=user&role=admin' }, { target: '/manage/users?limit=1&limit=100' }],
      service,
    ),
    { status: 400, upstream: nothing, needs },
  ),
  ...t35.requests(
    withHeaders(
      ['0', '-1', '101', '1e9', 'Infinity', 'NaN', '0x10', '1.5', '', ' 1', '9'.repeat(400)].map((limit) => ({
        target: `/manage/users?limit=${limit.replace(' ', '%20')}`,
      })),
      service,
    ),
    { status: 422, upstream: nothing, needs },
  ),
];
