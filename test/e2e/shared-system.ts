import { inject } from 'vitest';
import type { DemoAccount } from '../../tools/launch/system.ts';
import type { TestAuthority } from '../../tools/launch/test-authority.ts';

/** The system that runs for the whole of a test run, and what is needed to visit it. */
export interface SharedSystem {
  readonly url: string;
  readonly mailbox: string;
  readonly accounts: readonly DemoAccount[];
  readonly authority: TestAuthority;
  readonly chromium: string;
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
