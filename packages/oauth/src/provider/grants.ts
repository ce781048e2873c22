import type { InvalidationBus, RequestContext } from '@sallyport/core';
import type { DeviceSignIns } from '../device-flow/device-sign-ins.ts';
import type { Artifacts } from './artifacts.ts';

/** What a client was granted by a user, in one sign-in. */
export interface Grants {
  /** The client that was granted it; `null` once it ended. */
  clientOf(grantId: string): Promise<string | null>;
  /** Ends it with everything that was made under it. What was remembered of it is gone when that is done. */
  end(grantId: string, context: RequestContext): Promise<void>;
  /**
   * Deletes it with everything that was made under it. Joins the transaction that it is called in; resolves to whether it was
   * there. Call `announceEnd` afterwards.
   */
  remove(grantId: string): Promise<boolean>;
  /** Tells every cache that it ended, and ends the session of the device whose grant it was. */
  readonly announceEnd: (grantId: string, context: RequestContext) => Promise<void>;
}

const everyGeneration = Number.MAX_SAFE_INTEGER;

/** The id under which caches know a grant: as a client of its own, which is cut off. */
export function grantTargetOf(grantId: string): string {
  return `grant ${grantId}`;
}

/** Builds it on the artifacts. */
export function createGrants(
  artifacts: Artifacts,
  {
    bus,
    transaction,
    deviceSignIns,
    now,
  }: {
    bus: InvalidationBus;
    transaction: <T>(work: () => Promise<T>) => Promise<T>;
    deviceSignIns: Pick<DeviceSignIns, 'endOfGrant'>;
    now: () => Date;
  },
): Grants {
  const announceEnd = async (grantId: string, context: RequestContext): Promise<void> => {
    await bus.publish({
      kind: 'client',
      id: grantTargetOf(grantId),
      minGeneration: everyGeneration,
      at: now(),
      reason: 'grant-ended',
    });
    await deviceSignIns.endOfGrant(grantId, context);
  };
  const remove = async (grantId: string): Promise<boolean> => {
    // First of all what the others are worth nothing without.
    const isRemoved = await artifacts.remove({ kind: 'Grant', id: grantId });
    for (const kind of ['AuthorizationCode', 'RefreshToken', 'AccessToken', 'Delegation'] as const)
      await artifacts.removeOfGrant(kind, grantId);
    return isRemoved;
  };
  return {
    announceEnd,
    remove,
    async clientOf(grantId) {
      const clientId = (await artifacts.find({ kind: 'Grant', id: grantId }))?.payload['clientId'];
      return typeof clientId === 'string' ? clientId : null;
    },
    async end(grantId, context) {
      await transaction(() => remove(grantId));
      await announceEnd(grantId, context);
    },
  };
}
