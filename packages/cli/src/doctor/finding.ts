import type { Config, Environment } from '@sallyport/server';

/** What was looked at, how it is, and what to do about it. */
export interface Finding {
  readonly check: string;
  readonly state: 'good' | 'note' | 'bad';
  readonly finding: string;
  /** One line: what to do. */
  readonly fix?: string;
}

/** The configuration and the environment of a deployment. */
export interface Settings {
  readonly config: Config;
  readonly isDemo: boolean;
  readonly environment: Environment;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'it cannot be used';
}
