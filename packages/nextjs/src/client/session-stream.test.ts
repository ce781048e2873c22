import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CurrentSession } from './current-session.ts';
import { followSession, type StreamEdges } from './session-stream.ts';

/** A stream that a test speaks into. */
class FakeStream extends EventTarget {
  readyState = 1;
  readonly url: string;
  constructor(url: string) {
    super();
    this.url = url;
    opened.push(this);
  }
  close(): void {
    this.readyState = 2;
  }
  say(kind: string, data?: unknown): void {
    this.dispatchEvent(Object.assign(new Event(kind), { data: JSON.stringify(data) }));
  }
}

let opened: FakeStream[];
let stops: (() => void)[];
/** One lock for all tabs of a test. */
let locks: { readonly waiting: (() => void)[]; isHeld: boolean };

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  vi.stubGlobal('EventSource', { CLOSED: 2 });
  opened = [];
  stops = [];
  locks = { waiting: [], isHeld: false };
});
afterEach(() => {
  for (const stop of stops) stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** As Web Locks: one holder at a time, the others in their order. */
function requestLock(_name: string, { signal }: LockOptions, hold: () => Promise<void>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error));
    const begin = async (): Promise<void> => {
      locks.isHeld = true;
      await hold();
      locks.isHeld = false;
      locks.waiting.shift()?.();
      resolve(undefined);
    };
    if (locks.isHeld) locks.waiting.push(() => void begin());
    else void begin();
  });
}

interface Tab {
  readonly heard: CurrentSession[];
  /** Of each, whether nothing but roles and the organization changed. */
  readonly areRightsAlone: boolean[];
  doubts: number;
  stop: () => void;
}

function openTab(edges: Partial<StreamEdges> = {}): Tab {
  const tab: Tab = { heard: [], areRightsAlone: [], doubts: 0, stop: () => {} };
  tab.stop = followSession(
    {
      onSession: (session, areRightsAlone) => {
        tab.heard.push(session);
        tab.areRightsAlone.push(areRightsAlone);
      },
      onDoubt: () => (tab.doubts += 1),
    },
    {
      // Only this form of the two is called.
      locks: { request: requestLock as unknown as LockManager['request'] },
      openStream: (url) => new FakeStream(url) as unknown as EventSource,
      ...edges,
    },
  );
  stops.push(tab.stop);
  return tab;
}

const said = {
  status: 'signed-in',
  at: '2026-01-01T00:00:00.000Z',
  user: { id: 'ann', roles: ['user'] },
  session: {
    acr: 'mfa',
    authTime: '2026-01-01T00:00:00.900Z',
    idleExpiresAt: '2026-01-01T00:10:00.000Z',
    absoluteExpiresAt: '2026-01-01T01:00:00.000Z',
    idleSeconds: 900,
  },
};

describe('the stream of a browser', () => {
  it('is opened once for all tabs, and by another tab when the first is gone', async () => {
    const [first, second] = [openTab(), openTab()];
    expect(opened.map(({ url }) => url)).toEqual(['/auth/session/events']);

    first.stop();
    await vi.waitFor(() => expect(opened).toHaveLength(2));
    expect(opened[0]?.readyState).toBe(2);
    opened[1]?.say('session', said);
    expect([first.heard.length, second.heard.length]).toEqual([0, 1]);
  });

  it('says who is signed in, and for how long by no clock but that of the gateway', () => {
    vi.setSystemTime(Date.parse('2031-05-05T00:00:00Z'));
    const { heard } = openTab();
    opened[0]?.say('session', said);

    expect(heard).toEqual([
      {
        status: 'signed-in',
        userId: 'ann',
        roles: ['user'],
        acr: 'mfa',
        authTime: Date.parse('2026-01-01T00:00:00Z') / 1000,
        expiry: { idleMilliseconds: 600_000, absoluteMilliseconds: 3_600_000, idleLimitMilliseconds: 900_000 },
      },
    ]);
  });

  it.each([
    { name: 'no object', data: 'session' },
    { name: 'no user', data: { ...said, user: undefined } },
    { name: 'no time of the sign-in', data: { ...said, session: { ...said.session, authTime: 'now' } } },
    { name: 'an unknown strength', data: { ...said, session: { ...said.session, acr: 'best' } } },
  ])('is not understood when it says $name', ({ data }) => {
    const { heard } = openTab();
    opened[0]?.say('session', data);
    expect(heard).toEqual([{ status: 'unknown' }]);
  });

  it('tells a change of roles or of the organization alone from all that may come with another cookie', () => {
    const { areRightsAlone } = openTab();
    const withRoles = (...roles: readonly string[]) => ({ ...said, user: { id: 'ann', roles } });
    const steps = [
      said,
      withRoles('user', 'vendor'),
      withRoles('user', 'vendor'),
      { ...withRoles('user'), session: { ...said.session, acr: 'pwd' } },
      { ...said, session: { ...said.session, authTime: '2026-01-01T00:00:02.000Z' } },
      { ...said, user: { id: 'bob', roles: [] } },
      { ...said, user: { id: 'bob', roles: [] }, organization: { id: 'acme', roles: ['owner'] } },
      { ...said, user: { id: 'bob', roles: [] }, organization: { id: 'acme', roles: ['member'] } },
      { ...said, user: { id: 'bob', roles: [] } },
    ];
    for (const step of steps) opened[0]?.say('session', step);
    expect(areRightsAlone).toEqual([false, true, false, false, false, false, true, true, true]);
  });

  it('says who is signed in also where it does not say for how long', () => {
    const { heard } = openTab();
    opened[0]?.say('session', { ...said, session: { acr: 'pwd', authTime: said.at, idleExpiresAt: 'soon' } });
    expect(heard).toMatchObject([{ status: 'signed-in', userId: 'ann' }]);
    expect(heard[0]).not.toHaveProperty('expiry');
  });

  it.each(['session-ended', 'access-lost'])('has the tab look after %s, and is opened again later', async (kind) => {
    const tab = openTab();
    opened[0]?.say(kind);
    expect([tab.doubts, opened.length, opened[0]?.readyState]).toEqual([1, 1, 2]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(opened).toHaveLength(2);
  });

  it('is tried again ever more rarely where it is refused, and left to the browser where it broke', async () => {
    const tab = openTab();
    opened[0]?.say('error');
    expect(tab.doubts).toBe(0);
    for (let count = 1; count <= 20; count += 1) {
      opened.at(-1)?.close();
      opened.at(-1)?.say('error');
      await vi.advanceTimersByTimeAsync(60_000);
    }
    expect(tab.doubts).toBe(20);
    expect(opened).toHaveLength(21);
    opened.at(-1)?.close();
    opened.at(-1)?.say('error');
    await vi.advanceTimersByTimeAsync(59_000);
    expect(opened).toHaveLength(21);
  });

  it('is not opened by a tab that was closed before its turn', async () => {
    const [first, second] = [openTab(), openTab()];
    second.stop();
    first.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(opened).toHaveLength(1);
  });

  it('does not exist where the browser has no locks', () => {
    openTab({ locks: undefined });
    expect(opened).toEqual([]);
  });
});
