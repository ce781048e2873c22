export { openEmbeddedDatabase, type EmbeddedDatabaseOptions } from './embedded/embedded-database.ts';
export { claimDataFolder } from './embedded/folder-claim.ts';
export { createLease, type Lease } from './claims/lease.ts';
export { claimDatabase, type DatabaseClaim, type DatabaseClaimOptions } from './claims/claim-database.ts';
export { refuseSharedFolder } from './embedded/private-folder.ts';
export { StoreInUse } from './claims/store-in-use.ts';
export {
  openEndedSessions,
  readEndedSessions,
  type EndedSession,
  type EndedSessions,
} from './embedded/ended-sessions.ts';
export { createInProcessBus, type InProcessBus, type InProcessBusOptions } from './in-process/in-process-bus.ts';
export { createInProcessCounters, type InProcessCountersOptions } from './in-process/in-process-counters.ts';
export { readDatabaseClock } from './database-clock.ts';
export { examineDatabaseLock, sharedConnectionAdvice, type LockConnectionKind } from './claims/lock-connection.ts';
export { keyTable } from './keys/key-table.ts';
export { openStoredKeys } from './keys/open-stored-keys.ts';
export { openKeyRing, type KeyRingOptions } from './keys/record-key-ring.ts';
export { openSharedSecretRing, type SharedSecretRingOptions } from './keys/shared-secret-ring.ts';
export { openMongo, type MongoDatabase, type MongoOptions } from './mongodb/open-mongo.ts';
export {
  isSameDatabase,
  openExternalDatabase,
  type DatabaseAddresses,
  type ExternalDatabase,
} from './open-database.ts';
export { waitForDatabase, type DatabaseWaitOptions } from './wait-for-database.ts';
export {
  openPostgres,
  type DedicatedConnection,
  type DedicatedConnections,
  type PostgresConnection,
  type PostgresConnections,
  type PostgresDatabase,
  type PostgresOptions,
  type PostgresProtection,
  type PostgresResult,
} from './postgres/open-postgres.ts';
export { parsePostgresUrl } from './postgres/postgres-url.ts';
export { createRecordSessionStore, endAgain, type RecordSessionStoreOptions } from './records/record-session-store.ts';
export { createEndedSessionLedger, type EndedSessionLedger } from './records/ended-session-ledger.ts';
export { watchForRestore, type RestoreWatch, type SecondHeartbeat } from './records/restore-watch.ts';
export { sessionTable } from './records/session-table.ts';
export { createWebhookDeliveries, webhookDeliveryTable } from './records/webhook-deliveries.ts';
export { withStoreErrors } from './records/store-error.ts';
export {
  openRedis,
  type ChannelListener,
  type ChannelSubscription,
  type OpenRedisOptions,
  type Redis,
  redisPrefixForm,
} from './redis/open-redis.ts';
export { createRedisBroadcast, type RedisBroadcast, type RedisBroadcastOptions } from './redis/redis-broadcast.ts';
export { createRedisBus, type RedisBus, type RedisBusOptions } from './redis/redis-bus.ts';
export { createRedisCounters, type RedisCountersOptions } from './redis/redis-counters.ts';
export { createRedisHeartbeat } from './redis/redis-heartbeat.ts';
export { readRedisCondition, type RedisCondition } from './redis/redis-condition.ts';
export type { RedisScript } from './redis/redis-script.ts';
export { createRedisSessionStore, type RedisSessionStoreOptions } from './redis/redis-session-store.ts';
export { isSameRedis, parseRedisUrl, type RedisAddress, type RedisNode } from './redis/redis-url.ts';
export { loadRootSecret, readRootSecret, type RootSecretOptions } from './sealing/root-secret.ts';
export { rewrapSealedColumns, sealedKeyColumn, type RewrapOptions, type RewrapOutcome } from './sealing/rewrap.ts';
export { createSealer } from './sealing/sealer.ts';
export {
  generateRootSecret,
  parseSecretVersions,
  versionsToCome,
  type SecretVersion,
} from './sealing/secret-versions.ts';
export { storeTables } from './store-tables.ts';
