import { describe, expect, it } from 'vitest';
import { SallyportConfigurationError } from './configuration-error.ts';
import { loadZoneEnvironment } from './zone-environment.ts';

const complete = {
  SALLYPORT_PUBLIC_URL: 'https://app.example.com',
  SALLYPORT_INTERNAL_URL: 'http://127.0.0.1:3001/',
  SALLYPORT_AUDIENCE: 'account',
};

describe('the environment of an application', () => {
  it('says where it stands', () => {
    expect(loadZoneEnvironment(complete)).toEqual({
      publicUrl: 'https://app.example.com',
      internalUrl: 'http://127.0.0.1:3001',
      audience: 'account',
    });
  });

  it('knows the secret that the gateway signs with, where there is one', () => {
    const tokenSecret = 'XvK2mQ8rTz5LpN7wYd3HsGf1BcJ9aEu4Rk6Vt0ZxWnM';
    expect(loadZoneEnvironment({ ...complete, SALLYPORT_TOKEN_SECRET: tokenSecret })).toMatchObject({ tokenSecret });
    expect(loadZoneEnvironment({ ...complete, SALLYPORT_TOKEN_SECRET: '' })).not.toHaveProperty('tokenSecret');
  });

  it('names every missing key at once', () => {
    const problems = problemsOf({});

    expect(problems).toHaveLength(3);
    expect(problems.join()).toMatch(/SALLYPORT_PUBLIC_URL.*SALLYPORT_INTERNAL_URL.*SALLYPORT_AUDIENCE/);
  });

  it.each([
    { name: 'an empty public URL', change: { SALLYPORT_PUBLIC_URL: '' } },
    { name: 'a public URL that is none', change: { SALLYPORT_PUBLIC_URL: 'app.example.com' } },
    { name: 'a public URL with a path', change: { SALLYPORT_PUBLIC_URL: 'https://app.example.com/internal' } },
    { name: 'a file as public URL', change: { SALLYPORT_PUBLIC_URL: 'file:///etc' } },
    { name: 'an internal URL with a password', change: { SALLYPORT_INTERNAL_URL: 'http://u:s3cret@127.0.0.1' } },
    { name: 'an internal URL with a query', change: { SALLYPORT_INTERNAL_URL: 'http://127.0.0.1/?s3cret' } },
    { name: 'a weak token secret', change: { SALLYPORT_TOKEN_SECRET: 's3cret' } },
    { name: 'an audience that is no name', change: { SALLYPORT_AUDIENCE: 'My Account s3cret' } },
  ])('refuses $name, by key and never by value', ({ change }) => {
    const [key] = Object.keys(change);

    const problems = problemsOf({ ...complete, ...change });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(key);
    expect(problems[0]).not.toContain('s3cret');
  });
});

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadZoneEnvironment(environment);
  } catch (error) {
    if (error instanceof SallyportConfigurationError) return error.problems;
    throw error;
  }
  throw new Error('the environment was accepted');
}
