import { isKnownAcrossBuilds } from '../errors/known-across-builds.ts';

/**
 * Every reason for which something is not built or started, and what it means. The code is the contract and is never
 * reused; the sentences may change. The reference page is generated from this table.
 */
export const optionsErrorCatalog = {
  SP_OPTIONS_INVALID: 'An option or setting is missing or unknown, or has a value that cannot be used.',
  SP_OPTIONS_POLICY_DIFFERS: 'The policy of the configuration differs from the one that was applied last.',
  SP_OPTIONS_UNREACHABLE: 'A server that a setting names does not answer, or does not let Sallyport in.',
  SP_OPTIONS_PORT_UNAVAILABLE: 'A port is taken, or needs rights that the process does not have.',
  SP_OPTIONS_DATA_UNUSABLE:
    'What an earlier start stored cannot be used: it is damaged, sealed under another root secret, or open to other users of the machine.',
  SP_OPTIONS_STORE_IN_USE: 'Another process uses the stores, and must not.',
} as const satisfies Record<`SP_OPTIONS_${string}`, string>;

/** Stable codes of what can be wrong with options. */
export type OptionsErrorCode = keyof typeof optionsErrorCatalog;

const mark = Symbol.for('@sallyport/core:OptionsError');

/**
 * Refuses options when something is built, with a message written for the operator, which is shown without a stack.
 * A native `TypeError` is a bug, and keeps its stack.
 */
export class OptionsError extends Error {
  static {
    Object.defineProperty(this.prototype, mark, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKnownAcrossBuilds(this, OptionsError, mark, value);
  }

  override readonly name: string = 'OptionsError';
  readonly code: OptionsErrorCode;

  constructor(message: string, code: OptionsErrorCode = 'SP_OPTIONS_INVALID', options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
