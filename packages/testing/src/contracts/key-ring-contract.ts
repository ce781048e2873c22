import type { KeyRingEntry } from '@sallyport/core';
import { afterEach, beforeEach, describe } from 'vitest';
import type { KeyRingFixture, OpenedKeys } from './key-ring/opened-keys.ts';
import { rotatingCases } from './key-ring/rotating.ts';
import { signingCases } from './key-ring/signing.ts';
import { startingCases } from './key-ring/starting.ts';

export interface KeyRingContractOptions {
  readonly name: string;
  open(): Promise<KeyRingFixture>;
}

/** What every key ring must do, whatever it keeps its keys in. */
export function keyRingContract(options: KeyRingContractOptions): void {
  describe(`key ring: ${options.name}`, () => {
    let fixture: KeyRingFixture;
    beforeEach(async () => {
      fixture = await options.open();
    });
    afterEach(() => fixture.close());
    /** Makes the current key into one that is not current any more, so that the next ring makes another. */
    const retireCurrentKey = async (change: Partial<KeyRingEntry>): Promise<string> => {
      const current = (await fixture.readRows()).find(({ state }) => state === 'current');
      if (current === undefined) throw new TypeError('there is no current key');
      await fixture.changeRow(current.kid, change);
      return current.kid;
    };

    const opened: OpenedKeys = { fixture: () => fixture, retireCurrentKey };
    signingCases(opened);
    startingCases(opened);
    rotatingCases(opened);
  });
}
