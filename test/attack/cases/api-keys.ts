import type { AttackCase } from '../runner/attack-case.ts';
import { anonymous, nothing, user } from '../runner/upstream-oracles.ts';
import { cookieOf, row } from '../runner/write-case.ts';

/* T20 on: API keys. `{key}` is one of alice's that works, on the route `/keyed` alone. */

const t20 = row('T20', 'keys of a bad form');
const t21 = row('T21', 'two credentials in one request');
const t22 = row('T22', 'a key where none is accepted');
const t23 = row('T23', 'CWE-598: a key in the address');
const t24 = row('T24', 'a key that goes on to the upstream');
const t25 = row('T25', 'a key that changes things for a page of another site');

const unknown = { status: 401, upstream: nothing } as const;
const conflict = { status: 400, upstream: nothing } as const;
/** In the right form, and of no owner: the checksum is that of its 39 characters. */
const ofNoOwner = 'sp_key_000000000000000000000000000000003rAP3o';
const session = cookieOf('alice');

export const apiKeyCases: readonly AttackCase[] = [
  ...t20.requests(
    [
      '',
      'sp_key_',
      'sp_key_0',
      ofNoOwner,
      `${ofNoOwner.slice(0, -1)}p`,
      ofNoOwner.toUpperCase(),
      `sp_key_${'0'.repeat(38)}`,
      `sp_key_${'a'.repeat(7000)}`,
      '{key}0',
      '0{key}',
      '{key},{key}',
      '{key} {key}',
      '{key};',
      '"{key}"',
      '\u00a0{key}',
      '{key}\u00a0',
      '{key}%00',
      'Bearer {key}',
      'ApiKey {key}',
      'null',
      '__proto__',
    ].map((value) => ({ target: '/keyed/x', headers: [`X-API-Key: ${value}`] })),
    unknown,
  ),
  ...t20.requests(
    [
      'ApiKey',
      'ApiKey ',
      'ApiKey sp_key_',
      `ApiKey ${ofNoOwner}`,
      'ApiKey {key} {key}',
      'ApiKey key={key}',
      'ApiKey "{key}"',
      'ApiKey {key},',
      'Bearer {key}',
      'DPoP {key}',
      '{key}',
    ].map((value) => ({ target: '/keyed/x', headers: [`Authorization: ${value}`] })),
    unknown,
  ),
  ...t20.requests(
    ['X-API-Key: {key}', 'x-api-key: {key}', 'X-API-KEY:    {key}   ', 'Authorization: apikey   {key}'].map((line) => ({
      target: '/keyed/x',
      headers: [line],
    })),
    { status: 200, upstream: user('alice', { nowhere: ['sp_key_'] }) },
  ),
  ...t21.requests(
    [
      ['X-API-Key: {key}', 'X-API-Key: {key}'],
      ['X-API-Key: {key}', 'x-api-key: sp_key_0'],
      ['X-API-Key: {key}', 'Authorization: ApiKey {key}'],
      ['X-API-Key: {key}', 'Authorization: Bearer x'],
      ['Authorization: ApiKey {key}', 'Authorization: ApiKey {key}'],
      ['X-API-Key: {key}', session],
      ['X-API-Key: sp_key_0', session],
      ['Authorization: ApiKey {key}', session],
      ['X-API-Key: {key}', `Cookie: {cookie}=${'x'.repeat(43)}`],
    ].map((headers) => ({ target: '/keyed/x', headers })),
    conflict,
  ),
  ...t22.requests(
    ['/api/x', '/admin/x', '/page', '/events', '/auth/session', '/auth/sessions', '/auth/api-keys'].flatMap(
      (target) => [
        { target, headers: ['X-API-Key: {key}'] },
        { target, headers: ['Authorization: ApiKey {key}'] },
      ],
    ),
    unknown,
  ),
  ...t23.requests(
    [
      '/keyed/x?api_key={key}',
      '/keyed/x?X-API-Key={key}',
      '/keyed/x?access_token={key}',
      '/keyed/x?key={key}',
      '/keyed/{key}',
    ].map((target) => ({ target })),
    unknown,
  ),
  ...t24.requests(
    ['X_API_Key: {key}', 'X-Api.Key: {key}', 'X_API_KEY: {key}', 'X-API-Key: {key}'].map((line) => ({
      target: '/public/x',
      headers: [line],
    })),
    { status: 200, upstream: anonymous({ nowhere: ['sp_key_'] }) },
  ),
  ...t25.requests(
    ['Origin: https://evil.test', 'Sec-Fetch-Site: cross-site', 'Origin: null'].map((line) => ({
      method: 'POST',
      target: '/keyed/x',
      headers: ['X-API-Key: {key}', line],
      body: 'a=1',
    })),
    { status: 403, upstream: nothing },
  ),
];
