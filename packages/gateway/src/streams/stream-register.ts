import { SallyportError, type BusMessage, type CounterMetric, type InvalidationBus, type Meter } from '@sallyport/core';
import { authorize, type AuthorizeParts } from '../pipeline/stages/authorize.ts';
import { isLive, type CachedSession, type SessionCache } from '../sessions/session-cache.ts';
import type { RequestState } from '../pipeline/request-state.ts';
import type { StreamEnd } from './stream-end.ts';
import type { CheckedStreamOptions } from './stream-options.ts';

/** An answer or a WebSocket that stays open. */
export interface Stream {
  /** Ends it, with the sign that its kind has for this end. False when it may go on: a download has a drain's grace. */
  end(end: StreamEnd): boolean;
  /** Called when nothing has passed for as long as heartbeats are apart. */
  beat(): void;
  /** Counted up by the register, set to zero by whatever passes. */
  quietSweeps: number;
}

/** Every stream that is open at this gateway. */
export interface StreamRegister {
  /**
   * Takes a stream in until it is removed. With a session it ends when that does.
   *
   * @throws `SP_TOO_MANY_STREAMS`
   */
  add(stream: Stream, state: RequestState): void;
  remove(stream: Stream): void;
  /** Ends what has no end of its own to wait for. */
  drain(): void;
  close(): void;
}

export interface StreamRegisterParts extends AuthorizeParts, Omit<CheckedStreamOptions, 'tunnels'> {
  readonly cache: SessionCache;
  readonly bus: InvalidationBus;
  readonly clock: () => number;
  readonly meter: Meter;
}

/** The streams of one session. */
interface SessionStreams {
  readonly sid: string;
  readonly user: UserStreams;
  readonly states: Map<Stream, RequestState>;
  session: CachedSession;
  /** By the clock that never jumps, in milliseconds, like the next one. */
  checkedAt: number;
  failingSince: number | undefined;
  isBeingChecked: boolean;
  /** Something was heard while it was being checked: what was read may be older. */
  mustBeCheckedAgain: boolean;
}

interface UserStreams {
  readonly id: string;
  readonly sessions: Set<SessionStreams>;
  count: number;
}

const sweepMilliseconds = 1000;

/** Reads of the store at a time, however many sessions are to be checked. */
const concurrentChecks = 32;

/** Without the bus no revocation is heard: the store is asked more often. */
const disconnectedRecheckMilliseconds = 5000;

const retryAfterSeconds = 5;

/**
 * Builds the register. A stream ends within a second of its session, wherever that ended: whatever the bus says of a
 * session, a user or the policy makes the register read the sessions concerned again and decide on each of their streams
 * as on a request. So does a gap, and without any of these the time since the last check. One timer serves all streams.
 *
 * A store that does not answer ends nothing at once: the check is repeated until the grace is over.
 */
export function createStreamRegister(parts: StreamRegisterParts): StreamRegister {
  const { cache, bus, clock } = parts;
  const heartbeatSweeps = Math.ceil((parts.heartbeatSeconds * 1000) / sweepMilliseconds);
  const recheckMilliseconds = parts.recheckSeconds * 1000;
  const graceMilliseconds = parts.graceSeconds * 1000;
  const streams = new Map<Stream, SessionStreams | undefined>();
  const bySid = new Map<string, SessionStreams>();
  const byUser = new Map<string, UserStreams>();
  const due = new Set<SessionStreams>();
  const ended = createEndedCounter(parts.meter);
  const endedHere = new WeakSet<Stream>();
  let checksInFlight = 0;
  let lastHeardAt = 0;
  let isDraining = false;
  let sweeper: NodeJS.Timeout | undefined;

  const end = (stream: Stream, as: StreamEnd): void => {
    if (endedHere.has(stream)) return;
    if (!stream.end(as)) return;
    endedHere.add(stream);
    ended.of(as).add();
  };
  const endAll = (session: SessionStreams, as: StreamEnd): void => {
    for (const stream of session.states.keys()) end(stream, as);
  };

  const check = async (session: SessionStreams): Promise<void> => {
    try {
      do {
        session.mustBeCheckedAgain = false;
        const found = await findAnew(cache, session);
        if (found === null || found.principal.id !== session.user.id) return endAll(session, 'session-ended');
        session.session = found;
        for (const [stream, state] of session.states) {
          if (!isStillAllowed(state, found, clock(), parts)) end(stream, 'access-lost');
        }
        session.checkedAt = performance.now();
        session.failingSince = undefined;
      } while (session.mustBeCheckedAgain);
    } catch {
      session.mustBeCheckedAgain = false;
      session.failingSince ??= performance.now();
      if (performance.now() - session.failingSince >= graceMilliseconds) endAll(session, 'unverified');
    }
  };
  const work = (): void => {
    for (const session of due) {
      if (checksInFlight >= concurrentChecks) return;
      due.delete(session);
      checksInFlight++;
      session.isBeingChecked = true;
      void check(session).finally(() => {
        session.isBeingChecked = false;
        checksInFlight--;
        work();
      });
    }
  };
  const request = (session: SessionStreams): void => {
    if (session.isBeingChecked) session.mustBeCheckedAgain = true;
    else due.add(session);
  };

  const listen = (message: BusMessage): void => {
    lastHeardAt = clock();
    for (const session of concernedBy(message, bySid, byUser)) request(session);
    work();
  };
  const unsubscribe = bus.subscribe(listen);

  const sweep = (): void => {
    const now = performance.now();
    const interval = bus.isConnected()
      ? recheckMilliseconds
      : Math.min(recheckMilliseconds, disconnectedRecheckMilliseconds);
    for (const session of bySid.values()) {
      if (clock() >= session.session.absoluteExpiresAt) endAll(session, 'session-ended');
      else if (
        session.failingSince !== undefined ||
        now - session.checkedAt >= interval ||
        !isLive(session.session, clock())
      ) {
        if (!session.isBeingChecked) due.add(session);
      }
    }
    work();
    if (heartbeatSweeps === 0) return;
    for (const stream of streams.keys()) {
      if (++stream.quietSweeps < heartbeatSweeps) continue;
      stream.quietSweeps = 0;
      stream.beat();
    }
  };

  const admit = (stream: Stream, state: RequestState): SessionStreams | undefined => {
    const { session } = state;
    if (session === undefined) return undefined;
    const { sid, id } = session.principal;
    const user = byUser.get(id) ?? { id, sessions: new Set(), count: 0 };
    const known = bySid.get(sid);
    if ((known?.states.size ?? 0) >= parts.perSession) throw tooMany('streams-per-session');
    if (user.count >= parts.perUser) throw tooMany('streams-per-user');
    const registered = known ?? openSession(sid, user, session);
    registered.states.set(stream, state);
    user.sessions.add(registered);
    user.count++;
    bySid.set(sid, registered);
    byUser.set(id, user);
    // What was said since the request was decided on was said when this stream was not here to hear it.
    if (lastHeardAt >= state.at || !bus.isConnected()) {
      request(registered);
      work();
    }
    return registered;
  };
  const dismiss = (stream: Stream, session: SessionStreams): void => {
    const { user } = session;
    session.states.delete(stream);
    user.count--;
    if (session.states.size > 0) return;
    bySid.delete(session.sid);
    due.delete(session);
    user.sessions.delete(session);
    if (user.sessions.size === 0) byUser.delete(user.id);
  };

  parts.meter.gauge(
    { name: 'sallyport_gateway_streams', help: 'WebSockets and streaming answers that are open' },
    () => streams.size,
  );

  return {
    add: (stream, state) => {
      streams.set(stream, admit(stream, state));
      sweeper ??= setInterval(sweep, sweepMilliseconds).unref();
      // Not from within the call that opens it.
      if (isDraining) queueMicrotask(() => end(stream, 'draining'));
    },
    remove: (stream) => {
      if (!streams.has(stream)) return;
      const session = streams.get(stream);
      streams.delete(stream);
      if (session !== undefined) dismiss(stream, session);
      if (!endedHere.has(stream)) ended.of('closed').add();
      if (streams.size > 0) return;
      clearInterval(sweeper);
      sweeper = undefined;
    },
    drain: () => {
      isDraining = true;
      for (const stream of streams.keys()) end(stream, 'draining');
    },
    close: () => {
      unsubscribe();
      clearInterval(sweeper);
    },
  };
}

function createEndedCounter(meter: Meter): CounterMetric {
  const counter = meter.counter({
    name: 'sallyport_gateway_streams_ended_total',
    help: 'Streams that ended: by either end (closed), or by the gateway and why',
    labels: ['reason'],
  });
  const series = new Map<string, ReturnType<CounterMetric['of']>>();
  return {
    of: (reason) => {
      const known = series.get(reason) ?? counter.of(reason);
      series.set(reason, known);
      return known;
    },
  };
}

function openSession(sid: string, user: UserStreams, session: CachedSession): SessionStreams {
  return {
    sid,
    user,
    states: new Map(),
    session,
    checkedAt: performance.now(),
    failingSince: undefined,
    isBeingChecked: false,
    mustBeCheckedAgain: false,
  };
}

function tooMany(reason: string): SallyportError {
  return new SallyportError('SP_TOO_MANY_STREAMS', { reason, retryAfterSeconds });
}

function concernedBy(
  message: BusMessage,
  bySid: ReadonlyMap<string, SessionStreams>,
  byUser: ReadonlyMap<string, UserStreams>,
): Iterable<SessionStreams> {
  if (message.kind === 'gap') return bySid.values();
  const { kind, id } = message.event;
  if (kind === 'policy') return bySid.values();
  if (kind === 'user') return byUser.get(id)?.sessions ?? [];
  const session = kind === 'session' ? bySid.get(id) : undefined;
  return session === undefined ? [] : [session];
}

/**
 * Reads a session from the store itself: the cache may hold what was true before the event, or an idle expiry that
 * requests have moved since.
 */
async function findAnew(cache: SessionCache, { sid }: SessionStreams): Promise<CachedSession | null> {
  const { session } = await cache.findBySid(sid, true);
  return session;
}

/** Decides again, with the rule that requests fall under. Nothing here keeps the session alive. */
function isStillAllowed(state: RequestState, session: CachedSession, at: number, parts: AuthorizeParts): boolean {
  try {
    return authorize({ ...state, at, caller: session.principal, session }, parts) === undefined;
  } catch {
    return false;
  }
}
