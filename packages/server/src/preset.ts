import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Logger, ProviderSecrets } from '@sallyport/core';
import type { GatewayTraces, Mount } from '@sallyport/gateway';
import type { Identity } from '@sallyport/identity';
import type { DemoAccount } from '@sallyport/pages';
import type { Config, ConfigInput } from './config/config-schema.ts';
import type { Environment } from './config/environment.ts';
import type { Stores } from './open-stores.ts';

/**
 * A configuration that brings what a deployment has elsewhere: accounts, handlers of its own. A
 * configuration file exports one instead of a configuration. It serves loopback alone, in one process, and never in production.
 */
export interface Preset {
  readonly kind: 'preset';
  /** What messages call it, such as "demo mode". */
  readonly name: string;
  /** Keeps the last requests of each session. */
  readonly traces: GatewayTraces;
  /** Served by the gateway itself, as `/auth` is. */
  readonly mounts: readonly Mount[];
  /** How long running requests may take when the process stops. */
  readonly graceMilliseconds: number;
  /** Files in the data folder that only their owner may read. */
  readonly secretFiles: readonly string[];
  /** Makes the configuration, from the ports and addresses of this process. */
  configure(environment: Environment): ConfigInput;
  /** What its identity providers know it by, beside those of the environment. @default none */
  providerSecrets?(): ProviderSecrets;
  /** Where people read messages when the mailbox of this process takes none; `undefined` where they cannot be read. */
  mailboxUrl?(): string | undefined;
  /** Served beside the pages of the mailbox, which link to its path. It is in front of them. */
  readonly besideMailbox?: { readonly path: string; readonly app: Hono<{ Bindings: HttpBindings }> };
  /** Called with the open stores, before identity compares the policy with the stored roles. */
  prepareRoles(config: Config, stores: Stores, logger: Logger): Promise<void>;
  /** Called with the open identity, before anything listens. */
  prepareAccounts(config: Config, identity: Identity): Promise<void>;
  /** Accounts that a button of the built-in sign-in page enters. Asked after they were prepared. @default none */
  accountsEnteredWithoutPassword?(): readonly DemoAccount[];
}

/** Tells a preset from a configuration, which has no member of this name. */
export function isPreset(exported: unknown): exported is Preset {
  return typeof exported === 'object' && exported !== null && 'kind' in exported && exported.kind === 'preset';
}
