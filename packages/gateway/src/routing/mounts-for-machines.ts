import type { Mount } from './mount.ts';

/** What the listener for machines serves of the mounts: nothing that is for people in person, or for browsers. */
export function mountsForMachines(mounts: readonly Mount[]): readonly Mount[] {
  return mounts.filter(({ machines }) => machines === true);
}
