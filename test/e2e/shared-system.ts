import { inject } from 'vitest';
import type { DemoAccount } from '../../tools/launch/system.ts';
import type { TestAuthority } from '../../tools/launch/test-authority.ts';
import type { StoreCombination } from './store-combinations.ts';

/** The system that runs for the whole of a project, and what is needed to visit it. */
export interface SharedSystem {
  readonly url: string;
  readonly mailbox: string;
  /** Where people sign in to the outside provider. */
  readonly acmeSso: string;
  readonly accounts: readonly DemoAccount[];
  /** The client of `sallyport login`. */
  readonly commandLineClient: string;
  /** What this project runs on; systems of single files do as well. */
  readonly combination: StoreCombination;
  readonly authority: TestAuthority;
  readonly chromium: string;
  /** An origin whose scripts may get tokens. Nothing is served there but what a test serves. */
  readonly tokenOrigin: string;
  /** Where pictures of the pages go, if anywhere. */
  readonly screenshotFolder: string | undefined;
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly system: SharedSystem;
  }
}

/** The system that `global-setup.ts` started. */
export const sharedSystem = inject('system');
