import type { AssuranceLevel, LiveSession } from '@sallyport/core';
import { expect, it } from 'vitest';
import { createSignInGates } from '../sessions/required-assurance.ts';
import { recentSeconds, requireRecent } from './require-recent.ts';

const at = Date.parse('2026-01-01T00:00:00Z');
const now = (): Date => new Date(at);

const sessionOf = (acr: AssuranceLevel, secondsAgo: number): LiveSession => ({
  principal: {
    kind: 'user',
    id: 'user-1',
    sid: 'sid-1',
    roles: ['admin'],
    permissions: [],
    acr,
    amr: [],
    authTime: new Date(at - secondsAgo * 1000),
    credential: 'session',
    generation: { session: 1, user: 1, policy: 1 },
  },
  idleExpiresAt: new Date(at + 60_000),
  absoluteExpiresAt: new Date(at + 60_000),
  idleSeconds: 60,
});

/** What gates of features require of an account, by its roles or by what its owner set up. */
const requiring = (...levels: readonly AssuranceLevel[]) => {
  const gates = createSignInGates();
  for (const level of levels)
    gates.register({
      ofRoles: () => 'pwd',
      of: ({ id, roles }) => Promise.resolve(id === 'user-1' && roles.includes('admin') ? level : 'pwd'),
      ask: () => Promise.reject(new Error('nothing is asked of a session')),
      answer: () => Promise.resolve(null),
      send: () => Promise.resolve(null),
    });
  return { requiredAssurance: gates, now };
};

it.each([
  { name: 'nothing', levels: [], acr: 'pwd' },
  { name: 'mfa', levels: ['mfa'], acr: 'mfa' },
  { name: 'phr', levels: ['phr'], acr: 'phr' },
  { name: 'pwd and mfa by two features', levels: ['pwd', 'mfa'], acr: 'mfa' },
] as const)('a recent $acr session may change the protection of an account that requires $name', async (row) => {
  await requireRecent(sessionOf(row.acr, recentSeconds), requiring(...row.levels));
});

it.each([
  { name: 'mfa', levels: ['mfa'], acr: 'pwd', required: 'mfa' },
  { name: 'phr', levels: ['phr'], acr: 'mfa', required: 'phr' },
  { name: 'phr and pwd by two features', levels: ['phr', 'pwd'], acr: 'mfa', required: 'phr' },
] as const)('a recent $acr session is asked for more by an account that requires $name', async (row) => {
  await expect(requireRecent(sessionOf(row.acr, 0), requiring(...row.levels))).rejects.toMatchObject({
    code: 'SP_STEP_UP_REQUIRED',
    reason: 'sign-in-too-weak',
    stepUp: { acr: row.required, maxAgeSeconds: recentSeconds },
  });
});

it('a session that is as strong as required is asked for more once it is too old', async () => {
  const session = sessionOf('mfa', recentSeconds + 1);
  const tooOld = { code: 'SP_STEP_UP_REQUIRED', reason: 'sign-in-too-old' };
  await expect(requireRecent(session, requiring('mfa'))).rejects.toMatchObject(tooOld);
  await requireRecent(session, requiring('mfa'), recentSeconds + 1);
});
