/** A Next.js application of the repository. */
export interface NextApp {
  readonly name: string;
  /** Folder relative to the root of the repository. */
  readonly folder: string;
}

/** The applications that `npm run build` and `npm start` build. */
export const nextApps: readonly NextApp[] = [
  { name: 'shell', folder: 'apps/shell' },
  { name: 'account zone', folder: 'apps/zones/account' },
];
