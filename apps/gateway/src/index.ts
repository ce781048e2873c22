export { createClosing, type Closing, type CloseStep } from './closing.ts';
export { configSchema, type Config, type ConfigInput } from './config/config-schema.ts';
export { ConfigurationError, type ConfigurationProblem } from './config/configuration-error.ts';
export { defineConfig } from './config/define-config.ts';
export { readEnvironment, type Environment } from './config/environment.ts';
export { loadConfig, type LoadedConfig } from './config/load-config.ts';
export { openIdentity, type IdentityComposition } from './open-identity.ts';
export { openMailer, type MailerOptions } from './open-mailer.ts';
export { openStores, type Stores } from './open-stores.ts';
