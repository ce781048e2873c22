import { beforeEach, describe, expect, it } from 'vitest';
import { freezePrincipal, type Principal } from '../principal/principal.ts';
import { createRevocationMemory, parseRevocationNotice, type RevocationNotice } from './revocation-memory.ts';

const start = 1_800_000_000;
let now: number;
beforeEach(() => {
  now = start;
});
const clock = (): Date => new Date(now * 1000);
const createMemory = (maximumEntries = 1000) => createRevocationMemory({ now: clock, maximumEntries });

const principal = (change: Partial<Principal> = {}): Principal =>
  freezePrincipal<Principal>({
    kind: 'user',
    id: 'ada',
    sid: 'session-1',
    clientId: 'client-1',
    roles: [],
    permissions: [],
    acr: 'pwd',
    amr: ['pwd'],
    authTime: clock(),
    credential: 'session',
    generation: { session: 3, user: 5, policy: 7 },
    ...(change as object),
  });

const notice = (kind: RevocationNotice['kind'], id: string, minGeneration: number): RevocationNotice => ({
  kind,
  id,
  minGeneration,
  at: clock(),
});

describe('a token is revoked', () => {
  it.each([
    { name: 'when its session ended', event: notice('session', 'session-1', Number.MAX_SAFE_INTEGER) },
    { name: 'when its session was elevated', event: notice('session', 'session-1', 4) },
    { name: 'when its user changed', event: notice('user', 'ada', 6) },
    { name: 'when roles changed', event: notice('policy', 'vendor', 8) },
    { name: 'when its client was cut off', event: notice('client', 'client-1', Number.MAX_SAFE_INTEGER) },
  ])('$name', ({ event }) => {
    const memory = createMemory();
    expect(memory.isRevoked(principal(), start - 1)).toBe(false);
    memory.add({ ...event, at: clock() });
    expect(memory.isRevoked(principal(), start - 1)).toBe(true);
  });

  it('when the actor of its user lost authority after it was made', () => {
    const memory = createMemory();
    const acted = principal({ actor: { id: 'shell', actor: { id: 'admin-1' } } });
    memory.add(notice('user', 'admin-1', 2));
    expect(memory.isRevoked(acted, start - 1)).toBe(true);
    expect(memory.isRevoked(acted, start + 1)).toBe(false);
  });

  it('although an older notice arrives later', () => {
    const memory = createMemory();
    memory.add(notice('user', 'ada', 6));
    memory.add(notice('user', 'ada', 2));
    expect(memory.isRevoked(principal(), start)).toBe(true);
  });
});

describe('a token holds', () => {
  it.each([
    { name: 'when it was made under the generation that counts now', event: notice('user', 'ada', 5) },
    { name: 'when another session ended', event: notice('session', 'session-2', Number.MAX_SAFE_INTEGER) },
    { name: 'when another user changed', event: notice('user', 'bob', 9) },
    { name: 'when the id of its session is that of a user', event: notice('user', 'session-1', 9) },
    { name: 'when roles were read anew and did not change', event: notice('policy', 'vendor', 7) },
    {
      name: 'when a key was withdrawn, which concerns verifiers',
      event: notice('key', 'ada', Number.MAX_SAFE_INTEGER),
    },
  ])('$name', ({ event }) => {
    const memory = createMemory();
    memory.add({ ...event, at: clock() });
    expect(memory.isRevoked(principal(), start - 1)).toBe(false);
  });

  it('when it was made after its client was cut off and let in again', () => {
    const memory = createMemory();
    memory.add(notice('client', 'client-1', 1));
    expect(memory.isRevoked(principal(), start + 1)).toBe(false);
  });
});

describe('the memory', () => {
  it('forgets what no token can depend on any more', () => {
    const memory = createMemory();
    memory.add(notice('user', 'ada', 6));
    now += 361;
    memory.add(notice('user', 'bob', 6));
    expect(memory.size).toBe(1);
    expect(memory.isRevoked(principal(), start)).toBe(false);
  });

  it('is synced for no token until it is marked since when', () => {
    const memory = createMemory();
    expect(memory.isSynced(start + 1000)).toBe(false);
    memory.markSyncedSince(new Date(start * 1000 + 900));
    expect(memory.isSynced(start)).toBe(true);
    expect(memory.isSynced(start - 1)).toBe(false);
  });

  it('is bounded, and is no longer synced for what it dropped', () => {
    const memory = createMemory(10);
    memory.markSyncedSince(new Date(0));
    for (let index = 0; index < 10; index += 1) memory.add(notice('session', `s-${index}`, 1));
    now += 5;
    expect(memory.isSynced(start)).toBe(true);
    for (let index = 10; index < 1000; index += 1) memory.add(notice('session', `s-${index}`, 1));
    expect(memory.size).toBe(10);
    expect(memory.isSynced(start)).toBe(false);
    expect(memory.isSynced(start + 5)).toBe(true);
  });
});

it.each([
  { name: 'nothing', value: null },
  { name: 'a text', value: 'session' },
  {
    name: 'a kind that is not known',
    value: { kind: 'tenant', id: 'x', minGeneration: 1, at: '2026-01-01T00:00:00Z' },
  },
  { name: 'no id', value: { kind: 'user', id: '', minGeneration: 1, at: '2026-01-01T00:00:00Z' } },
  { name: 'a broken generation', value: { kind: 'user', id: 'x', minGeneration: 1.5, at: '2026-01-01T00:00:00Z' } },
  { name: 'no time', value: { kind: 'user', id: 'x', minGeneration: 1, at: 'now' } },
])('a subscriber does not read $name as a revocation', ({ value }) => {
  expect(parseRevocationNotice(value)).toBeUndefined();
});
