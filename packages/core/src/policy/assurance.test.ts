import { describe, expect, it } from 'vitest';
import { checkStepUp, isAssuranceAtLeast } from './assurance.ts';
import type { AssuranceLevel } from '../principal/principal.ts';

const at = Date.parse('2026-01-01T00:00:00Z');
const signedIn = (acr: AssuranceLevel, secondsAgo = 0) => ({ acr, authTime: new Date(at - secondsAgo * 1000) });

describe('the strength of a sign-in', () => {
  it.each([
    ['pwd', 'pwd', true],
    ['pwd', 'mfa', false],
    ['pwd', 'phr', false],
    ['mfa', 'pwd', true],
    ['mfa', 'mfa', true],
    ['mfa', 'phr', false],
    ['phr', 'mfa', true],
    ['phr', 'phr', true],
  ] as const)('%s where %s is demanded: %s', (acr, demanded, isEnough) => {
    expect(isAssuranceAtLeast(acr, demanded)).toBe(isEnough);
  });
});

describe('a step-up', () => {
  it.each([
    { name: 'too weak', caller: signedIn('pwd'), stepUp: { acr: 'mfa' }, reason: 'sign-in-too-weak' },
    { name: 'too old', caller: signedIn('mfa', 301), stepUp: { maxAgeSeconds: 300 }, reason: 'sign-in-too-old' },
    {
      name: 'both',
      caller: signedIn('pwd', 301),
      stepUp: { acr: 'mfa', maxAgeSeconds: 300 },
      reason: 'sign-in-too-weak',
    },
  ] as const)('is asked for when the sign-in is $name', ({ caller, stepUp, reason }) => {
    expect(checkStepUp(caller, stepUp, at)).toEqual({ kind: 'not-met', reason });
  });

  it.each([
    { name: 'strong and recent', caller: signedIn('mfa', 300), stepUp: { acr: 'mfa', maxAgeSeconds: 300 } },
    { name: 'stronger than that', caller: signedIn('phr'), stepUp: { acr: 'mfa' } },
    { name: 'old where age does not matter', caller: signedIn('mfa', 100_000), stepUp: { acr: 'mfa' } },
    { name: 'any where nothing is demanded', caller: signedIn('pwd', 100_000), stepUp: {} },
  ] as const)('is not needed when the sign-in is $name', ({ caller, stepUp }) => {
    expect(checkStepUp(caller, stepUp, at)).toEqual({ kind: 'met' });
  });
});
