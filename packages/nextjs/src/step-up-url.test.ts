import { describe, expect, it } from 'vitest';
import { stepUpUrl } from './step-up-url.ts';

describe('the address to step up', () => {
  it('says what is asked for, and where to go on', () => {
    expect(stepUpUrl({ acr: 'mfa', maxAgeSeconds: 600 }, '/account/security?a=1')).toBe(
      '/auth/confirm?returnTo=%2Faccount%2Fsecurity%3Fa%3D1&acr_values=mfa&max_age=600',
    );
    expect(stepUpUrl()).toBe('/auth/confirm');
  });

  it.each(['//evil.test', 'https://evil.test/', '/\\evil.test'])('does not lead to %s', (path) => {
    expect(stepUpUrl({}, path)).toBe('/auth/confirm');
  });
});
