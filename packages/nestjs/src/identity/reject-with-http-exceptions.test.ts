import { HttpException } from '@nestjs/common';
import { SallyportError, type InProcessIdentity } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { rejectWithHttpExceptions } from './reject-with-http-exceptions.ts';

const bug = new TypeError('canary');

/** What identity of `@sallyport/server` does: functions of one object, which reject. */
function identityThat(signIn: InProcessIdentity['signIn']): InProcessIdentity {
  const handle = (): void => {
    throw bug;
  };
  return {
    issuer: 'https://app.example.com/internal',
    handle,
    signIn,
  } as Partial<InProcessIdentity> as InProcessIdentity;
}

const credentials = { email: 'ada@example.com', password: 'x' };

describe('identity that is given to handlers', () => {
  it('rejects with what a catch-all filter of the application answers rightly', async () => {
    const identity = rejectWithHttpExceptions(
      identityThat(() =>
        Promise.reject(new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'held-back', retryAfterSeconds: 7 })),
      ),
    );
    const error: unknown = await identity.signIn({}, credentials).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HttpException);
    expect(error).toBeInstanceOf(SallyportError);
    expect(error).toMatchObject({ code: 'SP_TOO_MANY_ATTEMPTS', reason: 'held-back', retryAfterSeconds: 7 });
    expect((error as HttpException).getStatus()).toBe(429);
  });

  it('rejects with the same where it throws at once', async () => {
    const identity = rejectWithHttpExceptions(
      identityThat(() => {
        throw new SallyportError('SP_INTERNAL', { reason: 'request-not-handled' });
      }),
    );
    await expect(identity.signIn({}, credentials)).rejects.toBeInstanceOf(HttpException);
  });

  it('hands on what it resolves to, and a bug as it is', async () => {
    const tokens = { accessToken: 'a', refreshToken: 'r', expiresInSeconds: 600 };
    expect(await rejectWithHttpExceptions(identityThat(() => Promise.resolve(tokens))).signIn({}, credentials)).toBe(
      tokens,
    );
    const broken = rejectWithHttpExceptions(identityThat(() => Promise.reject(bug)));
    await expect(broken.signIn({}, credentials)).rejects.toBe(bug);
  });

  it('leaves alone what is not called by handlers', () => {
    const own = identityThat(() => Promise.reject(bug));
    const identity = rejectWithHttpExceptions(own);
    expect(() => identity.handle({}, {}, () => {})).toThrow(bug);
    expect(identity.issuer).toBe(own.issuer);
  });
});
