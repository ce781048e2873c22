import { topology } from '../../demo/topology.ts';

/** A Next.js application of the repository. */
export interface NextApp {
  readonly name: string;
  /** Folder relative to the root of the repository. */
  readonly folder: string;
}

/** The applications that `npm run build` and `npm start` build. */
export const nextApps: readonly NextApp[] = topology
  .filter(({ kind }) => kind !== 'service')
  .map(({ name, kind, folder }) => ({ name: kind === 'zone' ? `${name} zone` : name, folder }));
