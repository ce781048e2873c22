export { openEmbeddedDatabase, type EmbeddedDatabaseOptions } from './embedded/embedded-database.ts';
export { claimDataFolder } from './embedded/folder-claim.ts';
export { claimDatabase, type DatabaseClaim, type DatabaseClaimOptions } from './claims/claim-database.ts';
export { openEndedSessions, type EndedSession, type EndedSessions } from './embedded/ended-sessions.ts';
export { createInProcessBus, type InProcessBus, type InProcessBusOptions } from './in-process/in-process-bus.ts';
export { createInProcessCounters, type InProcessCountersOptions } from './in-process/in-process-counters.ts';
export { keyTable } from './keys/key-table.ts';
export { openKeyRing, type KeyRingOptions } from './keys/record-key-ring.ts';
export { openMongo, type MongoDatabase, type MongoOptions } from './mongodb/open-mongo.ts';
export { openExternalDatabase, type ExternalDatabase } from './open-database.ts';
export { waitForDatabase, type DatabaseWaitOptions } from './wait-for-database.ts';
export {
  openPostgres,
  type DedicatedConnection,
  type DedicatedConnections,
  type PostgresConnection,
  type PostgresConnections,
  type PostgresDatabase,
  type PostgresOptions,
  type PostgresResult,
} from './postgres/open-postgres.ts';
export { createRecordSessionStore, endAgain, type RecordSessionStoreOptions } from './records/record-session-store.ts';
export { sessionTable } from './records/session-table.ts';
export { withStoreErrors } from './records/store-error.ts';
export { loadRootSecret, type RootSecretOptions } from './sealing/root-secret.ts';
export { createSealer } from './sealing/sealer.ts';
export type { SecretVersion } from './sealing/secret-versions.ts';
