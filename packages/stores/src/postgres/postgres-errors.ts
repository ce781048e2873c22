import { causesOf, SallyportError } from '@sallyport/core';

/** Why a PostgreSQL cannot be connected to, where an operator has to change a setting; the reasons of `SP_STORE_UNAVAILABLE`. */
export const postgresAdvice = {
  'public-address':
    'The name of the database leads to a public address, and DATABASE_URL asks for no encryption. Add sslmode=verify-full to it, or tls=true for a MongoDB',
  'tls-not-offered':
    'The database offers no encryption, and its address is a public one or DATABASE_URL asks for encryption. Switch TLS on at the server; sslmode=disable sends everything in plain text, passwords too',
  'certificate-not-trusted':
    'The certificate of the database cannot be verified: it must be for the host of DATABASE_URL, and of an authority that is known here. Name the file of the authority in sslrootcert',
  'options-refused':
    'The pooler in front of the database does not take the options or the schema of DATABASE_URL. Set them for the user instead (ALTER ROLE … SET search_path = …) and remove them',
  'pooler-login':
    'The pooler in front of the database does not know the user, the password or the database of DATABASE_URL. Compare them with its configuration',
  'statement-pooler':
    'The pooler in front of the database allows no transactions (pool_mode = statement). Set pool_mode to transaction or session',
} as const;

export type PostgresReason = keyof typeof postgresAdvice;

/** Says what an operator does about a failure that no wait repairs. */
export function postgresAdviceOf(error: unknown): string | undefined {
  const reasons = causesOf(error).map((cause) => (cause instanceof SallyportError ? cause.reason : undefined));
  const known = reasons.find((reason) => reason !== undefined && Object.hasOwn(postgresAdvice, reason));
  return known === undefined ? undefined : postgresAdvice[known as PostgresReason];
}

/** Errors of the server quote values of rows and parameters; those of the driver have no code of their own. */
export function toSafeError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof SallyportError) return error;
  if (!hasSqlState(error)) return new SallyportError('SP_STORE_UNAVAILABLE', { cause: error, ...reasonOf(error) });
  if (/transaction blocks not allowed in statement pooling mode/i.test(error.message))
    return new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'statement-pooler' });
  // A pooler has one SQLSTATE for all that it refuses.
  if (error.code === '08P01' && /no such (?:database|user)|authentication failed/i.test(error.message))
    return unavailable('pooler-login');
  return new PostgresError(error.code, error.severity);
}

/** What a PostgreSQL server refused: its SQLSTATE, and nothing that it quoted. */
class PostgresError extends Error {
  override readonly name = 'PostgresError';
  readonly code: string;
  readonly severity: string;

  constructor(code: string, severity: string) {
    super(`the database answered with SQLSTATE ${code}`);
    this.code = code;
    this.severity = severity;
  }
}

export function hasSqlState(error: unknown): error is Error & { readonly code: string; readonly severity: string } {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return false;
  return typeof error.code === 'string' && typeof error.severity === 'string';
}

/** A pooler knows few parameters of a start; PgBouncer names the first that it does not, with the SQLSTATE of a protocol violation. */
export function isStartupParameterRefused(error: unknown): boolean {
  return hasSqlState(error) && /startup parameter/i.test(error.message);
}

export function unavailable(reason: string): SallyportError {
  return new SallyportError('SP_STORE_UNAVAILABLE', { reason });
}

/** Codes of Node's TLS for a certificate that is not trusted, or not for this host. */
const certificateCodes =
  /^(?:ERR_TLS_CERT|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH)/;

function reasonOf(error: Error): { readonly reason: PostgresReason } | Record<string, never> {
  if (error.message === 'The server does not support SSL connections') return { reason: 'tls-not-offered' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return certificateCodes.test(code) ? { reason: 'certificate-not-trusted' } : {};
}
