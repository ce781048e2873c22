export { adminAddressFile } from './admin/open-admin.ts';
export { readOperatorAccess, type OperatorAccess } from './admin/operator-access.ts';
export { contentChecks } from './checks/content-checks.ts';
export type { ContentContext } from './checks/content-context.ts';
export {
  databaseChecks,
  readDatabaseContext,
  type DatabaseContext,
  type OpenedDatabase,
} from './checks/database-checks.ts';
export { toFindings } from './checks/findings-of.ts';
export { readRedisContext, redisChecks, type RedisContext } from './checks/redis-checks.ts';
export { describeFinding, runChecks, type NamedFinding } from './checks/require-checks.ts';
export { describeNestedRoutes } from './checks/check-routes.ts';
export { credentialsOfRoute, methodsOfRoute, routeOptionsOf, type RouteOption } from '@sallyport/gateway';
export { startChecks } from './checks/start-checks.ts';
export { readConfiguredRootSecret } from './checks/check-root-secret.ts';
export type { StartCheck, StartContext } from './checks/start-context.ts';
export { openBrand } from './brand/open-brand.ts';
export { zoneChecks } from './checks/zone-checks.ts';
export { createClosing, type Closing, type CloseStep } from './closing.ts';
export { startGateway, type Gateway, type GatewayOptions } from './compose.ts';
export { configSchema, type Config, type ConfigInput } from './config/config-schema.ts';
export { ConfigurationError, type ConfigurationProblem } from './config/configuration-error.ts';
export { defineConfig } from './config/define-config.ts';
export { environmentTable, type EnvironmentVariable } from './config/environment-table.ts';
export { readEnvironment, type Environment } from './config/environment.ts';
export { loadConfig, type LoadedConfig } from './config/load-config.ts';
export { loadDeployment, type Deployment, type DeploymentPlace } from './config/load-deployment.ts';
export { parseConfig } from './config/parse-config.ts';
export { createOperatorServices, databaseTables, features, type OperatorServices } from './features.ts';
export { hasMailbox } from './mailbox/has-mailbox.ts';
export { zone, type ZoneInput } from './config/zone.ts';
export { createIdentityMount } from './auth-mounts.ts';
export { openInProcessIdentity } from './in-process/open-in-process-identity.ts';
export type { InProcessIdentityOptions } from './in-process/in-process-options.ts';
export { createJsonLogger } from './json-logger.ts';
export { createLineWriter } from './line-writer.ts';
export { openFileOutput } from './log-output.ts';
export { createPrometheusMeter } from './metrics/prometheus-meter.ts';
export { mountPlaces } from './mount-places.ts';
export { messageForOperators } from './message-for-operators.ts';
export { openIdentity, type IdentityComposition, type ServedIdentity } from './open-identity.ts';
export { openMailer, type MailerOptions } from './open-mailer.ts';
export { openConfiguredRedis, waitForRedis, type RedisAddressing } from './open-redis-stores.ts';
export { openStores, type Stores, type StoresComposition } from './open-stores.ts';
export { createKeyOperations } from './operations/key-operations.ts';
export { createOperations, type Operations } from './operations/operations.ts';
export { createRoleOperations } from './operations/role-operations.ts';
export type { Preset } from './preset.ts';
export { readTokenSecret } from './read-token-secret.ts';
export { runGateway, type RunGatewayOptions } from './run-gateway.ts';
export { withoutSecrets } from './secrets/secret-values.ts';
export { openCertificate, type CertificateWatch } from './tls/certificate-watch.ts';
export type { CertificatePair } from './tls/certificate.ts';
export { countWorkers } from './workers/count-workers.ts';
export { examineCertificateFiles } from './tls/certificate.ts';
