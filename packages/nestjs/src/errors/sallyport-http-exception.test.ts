import { SallyportError } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { toHttpException } from './sallyport-http-exception.ts';

const everything = new SallyportError('SP_SECOND_FACTOR_REQUIRED', {
  cause: new Error('why'),
  reason: 'a-word',
  requirement: { roles: ['admin'] },
  detail: 'A product stays with its vendor.',
  errors: [{ field: 'name', message: 'Required' }],
  retryAfterSeconds: 3,
  allow: ['GET'],
  stepUp: { acr: 'mfa' },
  scopes: ['product:create'],
  dpopNonce: 'a-nonce',
  secondFactor: { mfaToken: 'sp_mf_token', methods: ['totp'], expiresInSeconds: 300 },
  requestLimit: { name: 'limit', max: 1, windowSeconds: 1, per: 'address' } as never,
});

describe('an error of the catalog as an exception of Nest', () => {
  it('has every member that the error has', () => {
    const { name: _, message: __, stack: ___, ...members } = { ...everything };
    expect(Object.values(members)).not.toContain(undefined);
    expect(toHttpException(everything)).toMatchObject(members);
    expect(toHttpException(everything).cause).toBe(everything.cause);
  });

  it('tells a program how a sign-in is completed, and not why it was refused', () => {
    const said = JSON.stringify(toHttpException(everything).getResponse());
    expect(JSON.parse(said)).toMatchObject({
      statusCode: 401,
      detail: everything.detail,
      secondFactor: everything.secondFactor,
    });
    for (const word of ['a-word', 'why']) expect(said).not.toContain(`"${word}"`);
  });
});
