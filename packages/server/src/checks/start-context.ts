import type { DoctorCheck } from '@sallyport/core';
import type { Config } from '../config/config-schema.ts';
import type { Environment } from '../config/environment.ts';
import type { Preset } from '../preset.ts';

/** A deployment as its configuration and its environment describe it, before anything is opened. */
export interface StartContext {
  readonly config: Config;
  /** What made the configuration, where it is a preset. */
  readonly preset?: Preset | undefined;
  readonly environment: Environment;
}

/** A check that needs nothing but the configuration, the environment and the files that they name. */
export type StartCheck = DoctorCheck<StartContext>;
