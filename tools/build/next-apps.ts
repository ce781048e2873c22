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

/** Applications that stand in the place of the shell, and that their own tests build. */
export const exampleNextApps = [
  { name: 'Auth.js shell', folder: 'examples/auth-js-shell' },
] as const satisfies readonly NextApp[];
