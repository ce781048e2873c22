import { randomUUID } from 'node:crypto';
import type { SessionRecord } from '@sallyport/core';

/** The moment at which the sessions of contract tests are made. */
export const sessionStart = new Date('2026-03-01T09:00:00.123Z');

/** A moment some seconds after `sessionStart`. */
export function after(seconds: number): Date {
  return new Date(sessionStart.getTime() + seconds * 1000);
}

/** A live session: idle for at most 600 seconds, over after 3600. */
export function makeSessionRecord(change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    sid: `sid-${randomUUID()}`,
    tokenHash: `hash-${randomUUID()}`,
    subject: 'ada',
    generation: 1,
    acr: 'pwd',
    amr: ['pwd'],
    authTime: sessionStart,
    createdAt: sessionStart,
    lastActiveAt: sessionStart,
    idleExpiresAt: after(600),
    absoluteExpiresAt: after(3600),
    device: { label: 'Firefox on Linux', userAgent: 'Mozilla/5.0 "quoted"; \u{1F98A}', address: '192.0.2.7' },
    ...change,
  };
}
