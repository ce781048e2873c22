import type { Principal, SallyportError } from '@sallyport/core';
import { sharedWeakMap } from '../shared-across-builds.ts';

/** The caller of a connection, who was verified before its first message. */
export interface ConnectionAdmission {
  readonly principal: Principal;
  /** Why the caller is refused by now: expired, revoked. Asked with every message, so it must answer at once. */
  readonly refusal: () => SallyportError | undefined;
}

const admissions = sharedWeakMap<object, ConnectionAdmission>('connection-admissions');

/** Notes who opened a connection. Called by what verifies connections, before it lets the first message pass. */
export function admitConnection(connection: object, admission: ConnectionAdmission): void {
  admissions.set(connection, admission);
}

/** Who opened a connection; `undefined` where nothing verified it. */
export function admissionOf(connection: object): ConnectionAdmission | undefined {
  return admissions.get(connection);
}
