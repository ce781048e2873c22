import type { SessionRecord, SessionStore } from '@sallyport/core';
import type { StoreProcessOptions } from '../store-process.ts';

/** An empty store under test. */
export interface SessionStoreFixture {
  readonly store: SessionStore;
  /** Makes the store unable to do its work, as an outage would. */
  breakDown(): void | Promise<void>;
  close(): void | Promise<void>;
  /** How other processes open the same data. Their `openSubject` resolves to a `SessionStore`. */
  readonly processes?: StoreProcessOptions;
}

/** What the cases of every subject work on; each case finds a store that is empty. */
export interface OpenedStore {
  /** Of the case that runs. */
  readonly fixture: () => SessionStoreFixture;
  readonly hasNoRaces: boolean;
  /** Creates a session and resolves to its record. */
  readonly stored: (change?: Partial<SessionRecord>) => Promise<SessionRecord>;
}
