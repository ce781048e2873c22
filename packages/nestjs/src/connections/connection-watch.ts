import { SallyportError, type Logger, type Principal, type TokenVerifier } from '@sallyport/core';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SALLYPORT_OPTIONS, SERVICE_TRUST, TOKEN_VERIFIER } from '../injection-tokens.ts';
import { createNestLogger } from '../nest-logger.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import type { ServiceTrust } from '../service-trust.ts';
import { readTokenTimes, type TokenTimes } from './token-times.ts';

/** Why a connection ends, as a close frame says it (RFC 6455, section 7.4). The codes are those of the gateway. */
export interface ConnectionEnd {
  readonly closeCode: 4401 | 1013;
  /** After `token expired` a client connects again with a fresh token. */
  readonly closeReason: 'session ended' | 'token expired' | 'session cannot be checked';
}

/** A connection that was verified when it was opened, and lives on. */
export interface VerifiedConnection {
  /** What it was opened with. */
  readonly token: string;
  readonly principal: Principal;
  /** Ends it. Called once, and not after the connection was forgotten. */
  readonly end: (end: ConnectionEnd) => void;
}

/** A connection that is watched. */
export interface WatchedConnection {
  /** Why its messages are refused by now, as far as that is known at once. */
  refusal(): SallyportError | undefined;
  /**
   * Whether a message may be handled. At once where the token is remembered; otherwise it is verified again, and messages
   * that wait for it stay in their order.
   */
  check(): boolean | Promise<boolean>;
  /** Must be called when the connection was closed. Everything is refused from then on. */
  forget(): void;
}

const sweepMilliseconds = 1000;
/** Revocations come in bursts: one look at all connections answers many of them. */
const burstMilliseconds = 10;
/** A token that is not remembered is looked at again no more often: its keys, or the gateway, may have to be asked. */
const recheckMilliseconds = 5000;
/** Nothing new is found out about a token whose time is over, but for a key that is withdrawn, which is heard. */
const recheckExpiredMilliseconds = 60_000;
/** How long a connection outlives keys that cannot be fetched, or a gateway that does not answer. */
const graceMilliseconds = 3000;
const defaultToleranceSeconds = 5;

interface Watched extends VerifiedConnection {
  readonly times: TokenTimes | undefined;
  /** Milliseconds since 1970. */
  recheckAt: number;
  /** Milliseconds since 1970; absent while it can be checked. */
  uncheckedSince: number | undefined;
  refusal: SallyportError | undefined;
  rechecking: Promise<boolean> | undefined;
}

/**
 * Ends connections whose token expires or is revoked. A request is verified once, a connection has to be looked at again:
 * once a second, and when a revocation is heard.
 */
@Injectable()
export class ConnectionWatch implements OnModuleDestroy {
  readonly #verifier: TokenVerifier;
  readonly #trust: ServiceTrust;
  readonly #outlivesToken: boolean;
  readonly #toleranceSeconds: number;
  readonly #watched = new Set<Watched>();
  readonly #stopHearing: (() => void) | undefined;
  /** Where it is written once that a connection ended with its token; absent where the application chose so, or after that. */
  #hints: Logger | undefined;
  #timer: NodeJS.Timeout | undefined;
  #burst: NodeJS.Timeout | undefined;

  constructor(
    @Inject(TOKEN_VERIFIER) verifier: TokenVerifier,
    @Inject(SERVICE_TRUST) trust: ServiceTrust,
    @Inject(SALLYPORT_OPTIONS) options: SallyportOptions,
  ) {
    this.#verifier = verifier;
    this.#trust = trust;
    this.#outlivesToken = options.connections?.endedBy === 'gateway';
    this.#toleranceSeconds = options.clockToleranceSeconds ?? defaultToleranceSeconds;
    this.#hints = options.connections?.endedBy === undefined ? (options.logger ?? createNestLogger()) : undefined;
    this.#stopHearing = trust.listener?.onHeard((kind) => {
      if (kind === 'key') this.#recheckAll();
      if (this.#watched.size > 0) this.#burst ??= setTimeout(() => this.#sweep(), burstMilliseconds).unref();
    });
  }

  /** Watches a connection until it is ended here, or forgotten. */
  watch(connection: VerifiedConnection): WatchedConnection {
    const watched: Watched = {
      ...connection,
      times: readTokenTimes(connection.token),
      recheckAt: 0,
      uncheckedSince: undefined,
      refusal: undefined,
      rechecking: undefined,
    };
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#sweep(), sweepMilliseconds).unref();
    return {
      refusal: () => this.#refusalOf(watched),
      check: () => this.#check(watched),
      forget: () => {
        watched.refusal ??= new SallyportError('SP_UNAUTHENTICATED', { reason: 'connection-closed' });
        this.#forget(watched);
      },
    };
  }

  onModuleDestroy(): void {
    this.#stopHearing?.();
    clearInterval(this.#timer);
    clearTimeout(this.#burst);
    this.#watched.clear();
  }

  #refusalOf({ refusal, times, principal }: Watched): SallyportError | undefined {
    if (refusal !== undefined) return refusal;
    if (times === undefined) return undefined;
    if (!this.#outlivesToken && this.#isOver(times))
      return new SallyportError('SP_TOKEN_EXPIRED', { reason: 'out-of-date' });
    return this.#trust.listener?.objectTo(principal, times.issuedAt);
  }

  #check(watched: Watched): boolean | Promise<boolean> {
    if (watched.rechecking !== undefined) return watched.rechecking;
    const refusal = this.#refusalOf(watched);
    if (refusal !== undefined) {
      this.#judge(watched, refusal);
      return false;
    }
    if (this.#hasOutlivedToken(watched) && Date.now() < watched.recheckAt) return true;
    return this.#verifier.recall(watched.token) === undefined ? this.#recheck(watched) : true;
  }

  #hasOutlivedToken({ times }: Watched): boolean {
    return this.#outlivesToken && times !== undefined && this.#isOver(times);
  }

  #isOver({ expiresAt }: TokenTimes): boolean {
    return Date.now() >= (expiresAt + this.#toleranceSeconds) * 1000;
  }

  #recheckAll(): void {
    for (const watched of this.#watched) watched.recheckAt = 0;
  }

  #sweep(): void {
    clearTimeout(this.#burst);
    this.#burst = undefined;
    const now = Date.now();
    for (const watched of this.#watched) {
      const refusal = this.#refusalOf(watched);
      if (refusal !== undefined) this.#judge(watched, refusal);
      else if (this.#verifier.recall(watched.token) !== undefined) watched.uncheckedSince = undefined;
      else if (now >= watched.recheckAt) void this.#recheck(watched);
    }
  }

  #recheck(watched: Watched): Promise<boolean> {
    const pause = this.#hasOutlivedToken(watched) ? recheckExpiredMilliseconds : recheckMilliseconds;
    watched.recheckAt = Date.now() + pause;
    watched.rechecking ??= this.#verifier
      .verify(watched.token)
      .then(
        () => undefined,
        (error: unknown) => error,
      )
      .then((error) => {
        watched.rechecking = undefined;
        return this.#judge(watched, error);
      });
    return watched.rechecking;
  }

  /** Whether the connection may go on as if nothing were known against it. */
  #judge(watched: Watched, error: unknown): boolean {
    if (!this.#watched.has(watched)) return false;
    const isExpired = error instanceof SallyportError && error.code === 'SP_TOKEN_EXPIRED';
    // An opaque token never came through the gateway, which sends tokens of its own.
    if (error === undefined || (isExpired && this.#outlivesToken && watched.times !== undefined)) {
      watched.uncheckedSince = undefined;
      return true;
    }
    if (error instanceof SallyportError && error.status === 401) {
      if (isExpired) this.#hintOnce();
      this.#end(watched, error, { closeCode: 4401, closeReason: isExpired ? 'token expired' : 'session ended' });
      return false;
    }
    const now = Date.now();
    watched.uncheckedSince ??= now;
    watched.recheckAt = now;
    if (now - watched.uncheckedSince < graceMilliseconds) return false;
    const refusal = new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'connection-unverified', cause: error });
    this.#end(watched, refusal, { closeCode: 1013, closeReason: 'session cannot be checked' });
    return false;
  }

  #hintOnce(): void {
    this.#hints?.info('a connection ended with its token', {
      event: 'connection-ended-with-token',
      hint: "internal tokens live for a minute. Where nothing but the gateway reaches this service, connections: { endedBy: 'gateway' } leaves the end to the gateway; 'token' keeps this, and says no more",
    });
    this.#hints = undefined;
  }

  #end(watched: Watched, refusal: SallyportError, end: ConnectionEnd): void {
    watched.refusal = refusal;
    this.#forget(watched);
    watched.end(end);
  }

  #forget(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
