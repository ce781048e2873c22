import type { DoctorCheck, Records } from '@sallyport/core';
import type { SecretVersion } from '@sallyport/stores';
import type { StartContext } from './start-context.ts';

/** A deployment and what is stored in its database, which lacks no table. */
export interface ContentContext extends Pick<StartContext, 'config' | 'preset'> {
  readonly records: Records;
  /** The clock of the database. */
  readonly readClock: () => Promise<Date>;
  /** The root secret; absent when it cannot be used, which its own check finds. */
  readonly versions: readonly SecretVersion[] | undefined;
}

export type ContentCheck = DoctorCheck<ContentContext>;
