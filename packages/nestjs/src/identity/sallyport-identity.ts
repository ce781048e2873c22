import type { InProcessIdentity } from '@sallyport/core';

/** Identity of this process: accounts, sign-in, sessions. What a provider asks for in its constructor. */
export type SallyportIdentity = InProcessIdentity;

/**
 * Under which Nest knows identity of this process.
 *
 * @example
 * `constructor(private readonly identity: SallyportIdentity) {}`
 */
// A class for its name alone: what is injected was opened by `SallyportIdentityModule`.
export const SallyportIdentity = class SallyportIdentity {} as unknown as abstract new () => InProcessIdentity;
