import { describe, expect, it } from 'vitest';
import { ConfigurationError } from './config/configuration-error.ts';
import { readEnvironment } from './config/environment.ts';
import { parseConfig } from './config/parse-config.ts';
import { testPolicy } from './test-support/test-preset.ts';
import { readTokenSecret } from './read-token-secret.ts';
import { testRoutes } from './test-support/test-routes.ts';

const [first, second] = ['XvK2mQ8rTz5LpN7wYd3HsGf1BcJ9aEu4Rk6Vt0ZxWnM', 'b7Qx4LtM9kRz2VwN8pYc5HdJ1sGf3Ua6Ee0KyTnXoWq'];
const rootSecret = [{ version: 1, value: 'Zt6RwM1nVx8KyB3pQ7jDh2LsCg9FuEa4Zt1Nq8Wx5Kd' }];

function configWith(change: object = {}) {
  return parseConfig(
    { publicUrl: 'http://localhost:1', policy: testPolicy, routes: testRoutes('http://127.0.0.1:9'), ...change },
    'test',
  );
}
const asked = { tokens: { signWithSharedSecretInsteadOfKeyPairs: true } };

const read = (change: object, variables: Readonly<Record<string, string>>): string | undefined =>
  readTokenSecret(configWith(change), readEnvironment(variables), () => rootSecret);

describe('the secret that signs tokens', () => {
  it('is there where the configuration asks for it, alone or with the one before', () => {
    expect(read(asked, { SALLYPORT_TOKEN_SECRET: first })).toBe(first);
    expect(read(asked, { SALLYPORT_TOKEN_SECRET: `${first},${second}` })).toBe(`${first},${second}`);
  });

  it('is absent by default: nothing but key pairs signs', () => {
    expect(read({}, {})).toBeUndefined();
  });

  it.each([
    { name: 'it is missing', change: asked, variables: {}, says: 'is missing' },
    {
      name: 'it is set and nothing asks for it',
      change: {},
      variables: { SALLYPORT_TOKEN_SECRET: first },
      says: 'not',
    },
    {
      name: 'it holds 192 bits',
      change: asked,
      variables: { SALLYPORT_TOKEN_SECRET: 'kJ8vQ2mXr7TzP4wYb9NcLd5HsGf3EaUq' },
      says: '256 bits',
    },
    {
      name: 'the one before is weak',
      change: asked,
      variables: { SALLYPORT_TOKEN_SECRET: `${first},aaaa` },
      says: 'number 2',
    },
    {
      name: 'it is the root secret',
      change: asked,
      variables: { SALLYPORT_TOKEN_SECRET: rootSecret[0]?.value ?? '' },
      says: 'root secret',
    },
    {
      name: 'the one before is the token of operators',
      change: asked,
      variables: { SALLYPORT_TOKEN_SECRET: `${first},${second}`, SALLYPORT_ADMIN_TOKEN: second },
      says: 'admin token',
    },
  ])('stops the start when $name, and is not shown', ({ change, variables, says }) => {
    const message = messageOf(() => read(change, variables));
    expect(message).toContain('SALLYPORT_TOKEN_SECRET');
    expect(message).toContain(says);
    for (const value of Object.values(variables)) expect(message).not.toContain(value);
  });

  it.each([{ algorithm: 'RS256' }, { rotationDays: 30 }, { cacheSeconds: 60 }])(
    'goes with nothing that is said of key pairs: %j',
    (keys) => {
      expect(messageOf(() => configWith({ ...asked, keys }))).toMatch(/keys\.\w+ +has no effect with tokens\.sign/);
    },
  );

  it('is not asked for by half a word', () => {
    for (const value of ['true', 1, null])
      expect(() => configWith({ tokens: { signWithSharedSecretInsteadOfKeyPairs: value } })).toThrow(
        ConfigurationError,
      );
  });
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}
