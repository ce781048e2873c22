import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { Harness } from '../../identity.test-support.ts';
import { startProviderHarness } from './provider.test-support.ts';
import { startProviderStandIn, type ProviderStandIn } from './provider-stand-in.test-support.ts';

/** A stand-in of a provider, and identity in front of it. */
export interface ProviderSite {
  readonly standIn: ProviderStandIn;
  /** A test that closed it may put another one in its place. */
  harness: Harness;
  /** Reasons of the refusals so far. */
  readonly reasons: () => Promise<readonly string[]>;
  readonly expectNoAccount: () => Promise<void>;
}

/** Opens both before each test of a file, and closes them afterwards. */
export function useProviderSite(): ProviderSite {
  let standIn: ProviderStandIn;
  let harness: Harness;
  beforeEach(async () => {
    standIn = await startProviderStandIn();
    harness = await startProviderHarness(standIn);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await harness.close();
    await standIn.close();
  });
  return {
    get standIn() {
      return standIn;
    },
    get harness() {
      return harness;
    },
    set harness(next) {
      harness = next;
    },
    async reasons() {
      const events = await harness.events();
      return events
        .filter(({ type }) => type === 'provider.sign-in-refused')
        .map(({ details }) => (JSON.parse(String(details)) as { readonly reason: string }).reason);
    },
    async expectNoAccount() {
      expect(await harness.database.records.count({ model: 'user' })).toBe(0);
      expect(await harness.database.records.count({ model: 'sallyportExternalIdentity' })).toBe(0);
    },
  };
}
