import type { RequestContext, SessionStore } from '@sallyport/core';
import type { IdentityKernel } from '@sallyport/identity';
import * as z from 'zod';
import type { Artifacts } from '../provider/artifacts.ts';

/** The sign-in of a device: the session that was opened for it, and what its client was granted in it. */
export interface DeviceSignIn {
  readonly grantId: string;
  readonly sid: string;
  readonly accountId: string;
  readonly clientId: string;
}

/** Which session belongs to which grant of a device, so that neither outlives the other. */
export interface DeviceSignIns {
  /** Joins the transaction that it is called in. */
  keep(signIn: DeviceSignIn, expiresAt: Date): Promise<void>;
  /** Those of a user. */
  list(accountId: string): Promise<readonly DeviceSignIn[]>;
  /** Ends the session that a grant belonged to, where it is one of a device: its program has signed out. */
  endOfGrant(grantId: string, context: RequestContext): Promise<void>;
  /** Ends the sessions of all devices of a client, which is disabled or deleted. Joins the transaction that it is called in. */
  endOfClient(clientId: string): Promise<void>;
  /** Notes that a device is in use, up to a time: without another one its sign-in ends then. */
  noteUse(sid: string, until: Date): Promise<void>;
}

export interface DeviceSignInParts extends Pick<IdentityKernel, 'revocation' | 'now'> {
  readonly artifacts: Artifacts;
  readonly sessions: Pick<SessionStore, 'recordActivity' | 'revoke'>;
}

const signInSchema = z.object({ grantId: z.string(), sid: z.string(), accountId: z.string(), clientId: z.string() });

/** Builds it on the artifacts. */
export function createDeviceSignIns({ artifacts, sessions, revocation, now }: DeviceSignInParts): DeviceSignIns {
  const nameOf = (grantId: string) => ({ kind: 'DeviceSignIn', id: grantId }) as const;
  return {
    keep: (signIn, expiresAt) => artifacts.save({ ...nameOf(signIn.grantId), payload: { ...signIn }, expiresAt }),
    async list(accountId) {
      const kept = await artifacts.listOfSubject('DeviceSignIn', accountId);
      return kept.map(({ payload }) => signInSchema.parse(payload));
    },
    async endOfGrant(grantId, context) {
      const kept = await artifacts.find(nameOf(grantId));
      if (kept === null) return;
      const { sid, accountId: subject } = signInSchema.parse(kept.payload);
      await revocation.end({ sid, subject, reason: 'signed-out' }, context);
      await artifacts.remove(nameOf(grantId));
    },
    async endOfClient(clientId) {
      // Its tokens are worth nothing by themselves, and who disabled it is reported: the list of devices is to say the same.
      for (const { payload } of await artifacts.listOfClient('DeviceSignIn', clientId)) {
        const { sid, accountId } = signInSchema.parse(payload);
        await sessions.revoke(sid, accountId, 'administrator', now());
      }
    },
    noteUse: (sid, until) => sessions.recordActivity(sid, now(), until),
  };
}
