import { SallyportError } from '@sallyport/core';
import * as z from 'zod';
import type { Artifacts, StoredArtifact } from '../provider/artifacts.ts';

/** What a device asked for, as it waits for its user. */
export interface DeviceRequest {
  readonly clientId: string;
  /** Scopes that it asked for, of those that its client may have. */
  readonly scopes: readonly string[];
  /** What its tokens are to be for (RFC 8707). */
  readonly resources: readonly string[];
  readonly acrValues: string | undefined;
  readonly maxAgeSeconds: number | undefined;
  readonly device: { readonly address: string; readonly userAgent: string };
  readonly requestedAt: Date;
  readonly expiresAt: Date;
}

/** What its user decided, in the words that the library has for it in a device code. */
export type DeviceDecision = Readonly<Record<string, unknown>>;

/** A request, and the mark that it was answered. */
export interface FoundDeviceRequest extends DeviceRequest {
  readonly isAnswered: boolean;
}

/**
 * Requests of devices, found by the code that their users enter. The decision is kept with that code: the code of the
 * device, which is the credential, is stored nowhere, and a user who enters codes never needs it.
 */
export interface DeviceRequests {
  /** Keeps what the library has of a new device code. Rejects with `SP_TOO_MANY_REQUESTS` where too many wait. */
  begin(payload: Readonly<Record<string, unknown>>): Promise<void>;
  /** `null` for a code that is none, or is over. */
  find(userCode: string): Promise<FoundDeviceRequest | null>;
  /**
   * Marks the request as answered, and then makes and keeps the decision: compare-and-set, `false` for all callers but the
   * first, of whose decision nothing is made. Joins the transaction that it is called in.
   */
  decide(userCode: string, at: Date, makeDecision: () => Promise<DeviceDecision>): Promise<boolean>;
  /** Puts another decision in the place of the one that was made. */
  replaceDecision(userCode: string, decision: DeviceDecision): Promise<void>;
  /** What was decided: `undefined` while its user has not answered, `null` where there is nothing to wait for. */
  decisionOf(userCode: string): Promise<DeviceDecision | undefined | null>;
}

/** After it expired, so that the device is told that it did (RFC 8628, section 3.5). */
export const keptSeconds = 600;

const text = z.string();
/** The members of a new device code of the library that are read here. */
const newCodeSchema = z.object({
  clientId: text,
  userCode: text,
  iat: z.number(),
  exp: z.number(),
  params: z.object({
    scope: text.optional(),
    resource: z.union([text, z.array(text)]).optional(),
    acr_values: text.optional(),
    max_age: z.union([text, z.number()]).optional(),
  }),
  deviceInfo: z.object({ address: text, userAgent: text }),
});
const storedSchema = newCodeSchema.omit({ userCode: true }).extend({
  decision: z.record(z.string(), z.unknown()).optional(),
});
type Stored = z.output<typeof storedSchema>;

/** Builds them on the artifacts. */
export function createDeviceRequests(
  artifacts: Artifacts,
  { maxWaiting, now }: { readonly maxWaiting: number; readonly now: () => Date },
): DeviceRequests {
  const nameOf = (userCode: string) => ({ kind: 'UserCode', id: userCode }) as const;
  const rowExpiry = ({ exp }: Pick<Stored, 'exp'>): Date => new Date((exp + keptSeconds) * 1000);
  const read = async (userCode: string): Promise<{ stored: Stored; row: StoredArtifact } | null> => {
    const row = await artifacts.find(nameOf(userCode));
    return row === null ? null : { row, stored: storedSchema.parse(row.payload) };
  };
  const save = (userCode: string, stored: Stored, decision: DeviceDecision): Promise<void> => {
    const { accountId, grantId } = decision;
    // What belongs to an account or a grant is found by these columns when either is deleted.
    const owned = { ...(accountId === undefined ? {} : { accountId }), ...(grantId === undefined ? {} : { grantId }) };
    const payload = { ...stored, ...owned, decision };
    return artifacts.save({ ...nameOf(userCode), payload, expiresAt: rowExpiry(stored) });
  };

  return {
    async begin(payload) {
      const { userCode, ...stored } = newCodeSchema.parse(payload);
      // Anyone may ask who knows the id of a public client: what they leave behind has a bound beside the limits per address.
      const stillWaiting = new Date(now().getTime() + keptSeconds * 1000);
      if ((await artifacts.countOfClient('UserCode', stored.clientId, stillWaiting)) >= maxWaiting)
        throw new SallyportError('SP_TOO_MANY_REQUESTS', { reason: 'too-many-devices-wait', retryAfterSeconds: 60 });
      const isNew = await artifacts.insert({ ...nameOf(userCode), payload: stored, expiresAt: rowExpiry(stored) });
      // One of 25 thousand million: the device asks again.
      if (!isNew) throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'user-code-taken' });
    },
    async find(userCode) {
      const found = await read(userCode);
      if (found === null || now().getTime() >= found.stored.exp * 1000) return null;
      return { ...toRequest(found.stored), isAnswered: found.row.consumedAt !== null };
    },
    async decide(userCode, at, makeDecision) {
      const found = await read(userCode);
      if (found === null || at.getTime() >= found.stored.exp * 1000) return false;
      if (!(await artifacts.consume(nameOf(userCode), at))) return false;
      await save(userCode, found.stored, await makeDecision());
      return true;
    },
    async replaceDecision(userCode, decision) {
      const found = await read(userCode);
      if (found !== null) await save(userCode, found.stored, decision);
    },
    async decisionOf(userCode) {
      const found = await read(userCode);
      return found === null ? null : found.stored.decision;
    },
  };
}

function toRequest({ clientId, params, deviceInfo, iat, exp }: Stored): DeviceRequest {
  const { scope = '', resource, acr_values: acrValues, max_age: maxAge } = params;
  return {
    clientId,
    scopes: scope.split(' ').filter((one) => one !== ''),
    resources: resource === undefined ? [] : [resource].flat(),
    acrValues,
    maxAgeSeconds: maxAge === undefined ? undefined : Number(maxAge),
    device: deviceInfo,
    requestedAt: new Date(iat * 1000),
    expiresAt: new Date(exp * 1000),
  };
}
