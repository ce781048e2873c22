/** What each package that an adopter installs by name brings along. */
export const broughtAlong = {
  sallyport: ['core', 'gateway', 'identity', 'oauth', 'pages', 'policy', 'server', 'stores'],
  '@sallyport/nextjs': ['core', 'policy'],
  '@sallyport/nestjs': ['core', 'policy'],
} as const;

/** A package that is installed by name. */
export type InstalledPackage = keyof typeof broughtAlong;

/** Every package that is needed, by its full name. */
export const neededPackages: readonly string[] = [
  ...new Set(
    Object.entries(broughtAlong).flatMap(([name, inner]) => [name, ...inner.map((each) => `@sallyport/${each}`)]),
  ),
];
