import {
  SallyportError,
  type BusMessage,
  type InvalidationBus,
  type Meter,
  type Principal,
  type RevocationTarget,
} from '@sallyport/core';
import { authorize, type AuthorizeParts } from '../pipeline/stages/authorize.ts';
import type { RequestState } from '../pipeline/request-state.ts';
import type { SessionCache } from '../sessions/session-cache.ts';
import { createEndedCounter } from './ended-counter.ts';
import { authorityOf, type StreamAuthority } from './stream-authority.ts';
import type { StreamEnd } from './stream-end.ts';
import type { CheckedStreamOptions } from './stream-options.ts';

/** An answer or a WebSocket that stays open. */
export interface Stream {
  /** Ends it, with the sign that its kind has for this end. False when it may go on: a download has a drain's grace. */
  end(end: StreamEnd): boolean;
  /** Called when what it was opened with lives on with another authority: other roles, a stronger sign-in. */
  changed?(): void;
  /** Called when nothing has passed for as long as heartbeats are apart. */
  beat(): void;
  /** Counted up by the register, set to zero by whatever passes. */
  quietSweeps: number;
}

/** Every stream that is open at this gateway. */
export interface StreamRegister {
  /**
   * Takes a stream in until it is removed. With a session or another credential it ends when that does.
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

/** The streams of one session or credential. */
interface AuthorityStreams {
  /** As it was read last. */
  authority: StreamAuthority;
  readonly owner: OwnerStreams;
  /** Where it is listed for what ends it. */
  readonly targets: readonly string[];
  readonly states: Map<Stream, RequestState>;
  /** By the clock that never jumps, in milliseconds, like the next one. */
  checkedAt: number;
  failingSince: number | undefined;
  isBeingChecked: boolean;
  /** Something was heard while it was being checked: what was read may be older. */
  mustBeCheckedAgain: boolean;
}

/** The streams of one user or service, over all of its sessions and credentials. */
interface OwnerStreams {
  readonly kind: Principal['kind'];
  readonly id: string;
  count: number;
}

const sweepMilliseconds = 1000;

/** Reads of the store at a time, however many sessions are to be checked. */
const concurrentChecks = 32;

/** Without the bus no revocation is heard: the store is asked more often. */
const disconnectedRecheckMilliseconds = 2000;

const retryAfterSeconds = 5;

/**
 * Builds the register. A stream ends within a second of its session or credential, wherever that ended: whatever the bus
 * says of one, of its user or of the policy makes the register read those concerned again and decide on each of their
 * streams as on a request. So does a gap, and without any of these the time since the last check. One timer serves all
 * streams.
 *
 * A store that does not answer ends nothing at once: the check is repeated until the grace is over.
 */
export function createStreamRegister(parts: StreamRegisterParts): StreamRegister {
  const { cache, bus, clock } = parts;
  const heartbeatSweeps = Math.ceil((parts.heartbeatSeconds * 1000) / sweepMilliseconds);
  const recheckMilliseconds = parts.recheckSeconds * 1000;
  const graceMilliseconds = parts.graceSeconds * 1000;
  const streams = new Map<Stream, AuthorityStreams | undefined>();
  const byKey = new Map<string, AuthorityStreams>();
  const byTarget = new Map<string, Set<AuthorityStreams>>();
  const byOwner = new Map<string, OwnerStreams>();
  const due = new Set<AuthorityStreams>();
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
  const endAll = (held: AuthorityStreams, as: StreamEnd): void => {
    for (const stream of held.states.keys()) end(stream, as);
  };

  const check = async (held: AuthorityStreams): Promise<void> => {
    try {
      do {
        held.mustBeCheckedAgain = false;
        const found = await held.authority.readAnew();
        if (found === null || !isSame(found, held)) return endAll(held, 'session-ended');
        const hasChanged = !hasSameAuthority(found.principal, held.authority.principal);
        held.authority = found;
        for (const [stream, state] of held.states) {
          if (!isStillAllowed(state, found, clock(), parts)) end(stream, 'access-lost');
          else if (hasChanged) stream.changed?.();
        }
        held.checkedAt = performance.now();
        held.failingSince = undefined;
      } while (held.mustBeCheckedAgain);
    } catch {
      held.mustBeCheckedAgain = false;
      held.failingSince ??= performance.now();
      if (performance.now() - held.failingSince >= graceMilliseconds) endAll(held, 'unverified');
    }
  };
  const work = (): void => {
    for (const held of due) {
      if (checksInFlight >= concurrentChecks) return;
      due.delete(held);
      checksInFlight++;
      held.isBeingChecked = true;
      void check(held).finally(() => {
        held.isBeingChecked = false;
        checksInFlight--;
        work();
      });
    }
  };
  const request = (held: AuthorityStreams): void => {
    if (held.isBeingChecked) held.mustBeCheckedAgain = true;
    else due.add(held);
  };

  const listen = (message: BusMessage): void => {
    lastHeardAt = clock();
    for (const held of concernedBy(message, byKey, byTarget)) request(held);
    work();
  };
  const unsubscribe = bus.subscribe(listen);

  const sweep = (): void => {
    const now = performance.now();
    const interval = bus.isConnected()
      ? recheckMilliseconds
      : Math.min(recheckMilliseconds, disconnectedRecheckMilliseconds);
    for (const held of byKey.values()) {
      const { authority, failingSince, checkedAt } = held;
      if (clock() >= authority.expiresAt) endAll(held, 'session-ended');
      else if (failingSince !== undefined || now - checkedAt >= interval || !authority.isLive(clock())) {
        if (!held.isBeingChecked) due.add(held);
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

  const admit = (stream: Stream, state: RequestState): AuthorityStreams | undefined => {
    const authority = authorityOf(state, cache);
    if (authority === undefined) return undefined;
    const { kind, id } = authority.principal;
    const owner = byOwner.get(`${kind} ${id}`) ?? { kind, id, count: 0 };
    const known = byKey.get(authority.key);
    if ((known?.states.size ?? 0) >= parts.perSession) throw tooMany('streams-per-session');
    if (owner.count >= parts.perUser) throw tooMany('streams-per-user');
    const held = known ?? openAuthority(authority, owner);
    held.states.set(stream, state);
    owner.count++;
    byKey.set(authority.key, held);
    byOwner.set(`${kind} ${id}`, owner);
    for (const target of held.targets) byTarget.set(target, (byTarget.get(target) ?? new Set()).add(held));
    // What was said since the request was decided on was said when this stream was not here to hear it.
    if (lastHeardAt >= state.at || !bus.isConnected()) {
      request(held);
      work();
    }
    return held;
  };
  const dismiss = (stream: Stream, held: AuthorityStreams): void => {
    const { owner, authority, targets } = held;
    held.states.delete(stream);
    if (--owner.count === 0) byOwner.delete(`${owner.kind} ${owner.id}`);
    if (held.states.size > 0) return;
    byKey.delete(authority.key);
    due.delete(held);
    for (const target of targets) {
      const others = byTarget.get(target);
      others?.delete(held);
      if (others?.size === 0) byTarget.delete(target);
    }
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
      const held = streams.get(stream);
      streams.delete(stream);
      if (held !== undefined) dismiss(stream, held);
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

function openAuthority(authority: StreamAuthority, owner: OwnerStreams): AuthorityStreams {
  return {
    authority,
    owner,
    targets: authority.endedBy.map(toTargetKey),
    states: new Map(),
    checkedAt: performance.now(),
    failingSince: undefined,
    isBeingChecked: false,
    mustBeCheckedAgain: false,
  };
}

function toTargetKey({ kind, id }: RevocationTarget): string {
  return `${kind} ${id}`;
}

function isSame({ key, principal }: StreamAuthority, { authority, owner }: AuthorityStreams): boolean {
  return key === authority.key && principal.kind === owner.kind && principal.id === owner.id;
}

function hasSameAuthority({ generation: left }: Principal, { generation: right }: Principal): boolean {
  return left.session === right.session && left.user === right.user && left.policy === right.policy;
}

function tooMany(reason: string): SallyportError {
  return new SallyportError('SP_TOO_MANY_STREAMS', { reason, retryAfterSeconds });
}

function concernedBy(
  message: BusMessage,
  byKey: ReadonlyMap<string, AuthorityStreams>,
  byTarget: ReadonlyMap<string, ReadonlySet<AuthorityStreams>>,
): Iterable<AuthorityStreams> {
  if (message.kind === 'gap' || message.event.kind === 'policy') return byKey.values();
  return byTarget.get(toTargetKey(message.event)) ?? [];
}

/** Decides again, with the rule that requests fall under. Nothing here keeps the session alive. */
function isStillAllowed(
  state: RequestState,
  { principal }: StreamAuthority,
  at: number,
  parts: AuthorizeParts,
): boolean {
  try {
    return authorize({ ...state, at, caller: principal }, parts) === undefined;
  } catch {
    return false;
  }
}
