export { closeGracefully } from './close-gracefully.ts';
export { createService } from './create-service.ts';
export { healthControllerOf } from './health-controller.ts';
export { answeringMongo, isDuplicateKey, openMongo, prepareMongo, trustFilter, type MongoOptions } from './mongo.ts';
export {
  parseVariables,
  readSecretVariable,
  serviceVariables,
  toServiceConfig,
  type ServiceConfig,
  type Variables,
} from './service-config.ts';
export { answeringSqlite, inTransaction, openSqlite, toSqliteValues } from './sqlite.ts';
export { createStructuredLogger } from './structured-logger.ts';
