import { AuthoritiesError, readAuthorities, type Authority } from './authorities.ts';
import { readRevocationLists, RevocationListError, toOpenSslLists, type RevocationList } from './revocation-lists.ts';

/** Which authorities the listener for machines believes: PEM texts. */
export interface MachineTrustFiles {
  /** Roots, and authorities between them and the certificates of machines. */
  readonly ca: string;
  /** Lists of revoked certificates, one of each authority. @default none: nothing is ever revoked */
  readonly crl?: string;
}

/** The same, read and verified. */
export interface MachineTrust {
  readonly authorities: readonly Authority[];
  /** By the ids of their authorities; `undefined` where none are kept. */
  readonly lists: ReadonlyMap<string, RevocationList> | undefined;
  /** For OpenSSL. */
  readonly ca: string;
  readonly crl: readonly string[] | undefined;
  /** The file as it was read, to tell one from another. */
  readonly crlText: string | undefined;
  /** When the first authority and the first list run out. */
  readonly authorityExpiresAt: Date;
  readonly listExpiresAt: Date | undefined;
}

/** What is wrong with one of the files. */
export interface MachineTrustProblem {
  readonly file: 'ca' | 'crl';
  readonly problem: string;
}

/** Trust that was read, or why it cannot be used. */
export type MachineTrustOutcome =
  | { readonly kind: 'read'; readonly trust: MachineTrust }
  | { readonly kind: 'refused'; readonly problems: readonly MachineTrustProblem[] };

/**
 * Reads which authorities the listener for machines believes. Where revoked certificates are listed, each authority needs a list that
 * has not run out: a missing one would let in what was revoked.
 *
 * @example
 * const outcome = readMachineTrust({ ca, crl }, new Date());
 * if (outcome.kind === 'read') gateway.replaceMachineTrust(outcome.trust);
 */
export function readMachineTrust({ ca, crl }: MachineTrustFiles, now: Date): MachineTrustOutcome {
  let authorities: readonly Authority[];
  try {
    authorities = readAuthorities(ca);
  } catch (error) {
    if (!(error instanceof AuthoritiesError)) throw error;
    return refused('ca', error.message);
  }
  const expired = authorities.find(({ certificate }) => new Date(certificate.validTo) <= now);
  if (expired !== undefined)
    return refused('ca', `holds an authority that has expired (${nameOf(expired)}); renew it, or take it out`);
  if (crl === undefined) return { kind: 'read', trust: toTrust(ca, authorities, undefined, undefined) };
  try {
    const lists = new Map(readRevocationLists(crl, authorities).map((list) => [list.authorityId, list]));
    const problem = problemOfLists(authorities, lists, now);
    if (problem !== undefined) return refused('crl', problem);
    return { kind: 'read', trust: toTrust(ca, authorities, lists, crl) };
  } catch (error) {
    if (!(error instanceof RevocationListError)) throw error;
    return refused('crl', error.message);
  }
}

function problemOfLists(
  authorities: readonly Authority[],
  lists: ReadonlyMap<string, RevocationList>,
  now: Date,
): string | undefined {
  for (const authority of authorities) {
    const list = lists.get(authority.id);
    if (list === undefined) return `has no list of ${nameOf(authority)}; each authority of ca needs one`;
    if (list.expiresAt <= now)
      return `holds a list of ${nameOf(authority)} that ran out at ${list.expiresAt.toISOString()}; publish the next one`;
    if (list.issuedAt > now) return `holds a list of ${nameOf(authority)} that is not valid yet; correct the clock`;
  }
  return undefined;
}

function toTrust(
  ca: string,
  authorities: readonly Authority[],
  lists: ReadonlyMap<string, RevocationList> | undefined,
  crlText: string | undefined,
): MachineTrust {
  return {
    authorities,
    lists,
    ca,
    crl: crlText === undefined ? undefined : toOpenSslLists(crlText),
    crlText,
    authorityExpiresAt: earliest(authorities.map(({ certificate }) => new Date(certificate.validTo))) ?? new Date(0),
    listExpiresAt: earliest([...(lists?.values() ?? [])].map(({ expiresAt }) => expiresAt)),
  };
}

function earliest(dates: readonly Date[]): Date | undefined {
  return dates.toSorted((one, other) => one.getTime() - other.getTime())[0];
}

function nameOf({ certificate }: Authority): string {
  return certificate.subject.split('\n').at(-1) ?? '';
}

function refused(file: MachineTrustProblem['file'], problem: string): MachineTrustOutcome {
  return { kind: 'refused', problems: [{ file, problem }] };
}
