/**
 * Secrecy at rest, under keys derived from the root secret, one per purpose.
 * The first version of the secret writes; all versions read, so that rotation ends no session.
 */
export interface Sealer {
  /** Encrypts and authenticates a text. `context` must be the same when it is opened (for example table and row id). */
  seal(plaintext: string, context: string): string;
  /** @throws TypeError when the text was changed, was sealed for another context, or under a secret that is gone. */
  open(sealed: string, context: string): string;
  /** HMAC of a value under the version that writes: what a new row is stored under. */
  hash(value: string): string;
  /** HMACs under every accepted version, the one that writes first: what a row may be stored under. */
  hashes(value: string): readonly string[];
}

/** Derives the sealer of one purpose, such as `session-token` or `key-ring`. */
export type SealerFor = (purpose: string) => Sealer;

/** A column whose texts are sealed: what seals all of them anew under another root secret must know it. */
export interface SealedColumn {
  readonly model: string;
  readonly column: string;
  /** The purpose of the sealer. */
  readonly purpose: string;
  /** What a text is sealed for, from the other columns of its row. */
  readonly contextOf: (row: Readonly<Record<string, unknown>>) => string;
}
