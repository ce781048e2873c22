import { randomBytes } from 'node:crypto';
import {
  isAssuranceAtLeast,
  type AssuranceLevel,
  type Sealer,
  type SessionProvider,
  type SessionRecord,
  type SessionStore,
} from '@sallyport/core';
import type { UserTable } from '../accounts/user-table.ts';
import type { RequiredAssurance } from './required-assurance.ts';
import { toDeviceNames, toStoredUserAgent } from './device-label.ts';

/** How long a session lives: without use, and at all. */
export interface SessionLifetime {
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
}

/** A session to make: its user, proof and device. */
export interface SessionRequest {
  /** The token that the browser will hold; only its HMAC is kept. */
  readonly token: string;
  readonly userId: string;
  readonly acr: AssuranceLevel;
  readonly amr: readonly string[];
  readonly userAgent: string;
  readonly address: string;
  /** When the user proved who they are, where that was before. @default now */
  readonly authTime?: Date | undefined;
  /** The identity provider that the sign-in came from. */
  readonly provider?: SessionProvider | undefined;
  /** Of the session of a program, which no cookie opens. */
  readonly program?: {
    /** What its owner reads in the list of devices. @default what the user agent says */
    readonly label: string | undefined;
    readonly lifetime: SessionLifetime;
  };
}

/** The account is banned, or gone: no session is made. */
export class AccountDisabledError extends Error {
  override readonly name = 'AccountDisabledError';
}

/** The proof is weaker than the account requires: no session is made. */
export class InsufficientAssuranceError extends Error {
  override readonly name = 'InsufficientAssuranceError';
}

/**
 * Makes sessions: the only place that does, whatever the sign-in method. Rejects with `AccountDisabledError`, and with
 * `InsufficientAssuranceError` where the proof is weaker than the account requires.
 */
export type MakeSession = (request: SessionRequest) => Promise<SessionRecord>;

export interface SessionMakerOptions {
  readonly sessions: SessionStore;
  readonly users: UserTable;
  readonly requiredAssurance: RequiredAssurance;
  /** For the purpose `session-token`. */
  readonly sealer: Sealer;
  readonly lifetime: SessionLifetime;
  readonly now: () => Date;
}

/** Builds the place where sessions are made. */
export function createSessionMaker(options: SessionMakerOptions): MakeSession {
  const { sessions, users, requiredAssurance, sealer, lifetime, now } = options;
  return async (request) => {
    const { token, userId, acr, amr, program, provider } = request;
    const user = await users.findById(userId);
    if (user === null || user.isBanned) throw new AccountDisabledError();
    if (!isAssuranceAtLeast(acr, await requiredAssurance.of(user))) throw new InsufficientAssuranceError();
    const at = now();
    const after = (seconds: number): Date => new Date(at.getTime() + seconds * 1000);
    const userAgent = toStoredUserAgent(request.userAgent);
    const { idleSeconds, absoluteSeconds } = program?.lifetime ?? lifetime;
    const record: SessionRecord = {
      sid: randomBytes(16).toString('base64url'),
      tokenHash: sealer.hash(token),
      subject: userId,
      generation: 1,
      acr,
      amr: [...amr],
      authTime: request.authTime ?? at,
      createdAt: at,
      lastActiveAt: at,
      idleExpiresAt: after(idleSeconds),
      absoluteExpiresAt: after(absoluteSeconds),
      ...(program === undefined ? {} : { credential: 'bearer' }),
      ...(provider === undefined ? {} : { provider }),
      device: { label: program?.label ?? toDeviceNames(userAgent).label, userAgent, address: request.address },
    };
    await sessions.create(record);
    return record;
  };
}

/** Makes a session token: 256 bits from the system's random source. */
export function newSessionToken(): string {
  return randomBytes(32).toString('base64url');
}
