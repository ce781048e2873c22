import { randomBytes } from 'node:crypto';
import type { LogoutTarget } from './logout-register.ts';
import type { Sealing } from './sealing.ts';
import type { ShellDatabase } from './shell-database.ts';
import { hashOfHandle, parseTokens, serializeTokens, type ShellSession, type ShellTokens } from './shell-session.ts';

/** The tokens of a session as they stand in the vault. */
export interface VaultEntry {
  readonly tokens: ShellTokens;
  /** Grows with every refresh. */
  readonly version: number;
}

/** The right to refresh the tokens of one session, for as long as it lasts. */
export interface RefreshLease {
  readonly handle: string;
  readonly id: string;
}

/** Keeps tokens on the server, sealed, in a row per session. */
export interface TokenVault {
  add(session: ShellSession, tokens: ShellTokens): Promise<void>;
  /** @returns `undefined` when the session ended. */
  read(handle: string): Promise<VaultEntry | undefined>;
  /** @returns the lease to exactly one caller of all processes, and to the next one when that caller died. */
  lease(handle: string, version: number): Promise<RefreshLease | undefined>;
  /** @returns `false` when the session ended meanwhile, or the lease went to another: nothing was written. */
  replace(lease: RefreshLease, tokens: ShellTokens): Promise<boolean>;
  release(lease: RefreshLease): Promise<void>;
  remove(handle: string): Promise<void>;
  removeAll(target: LogoutTarget): Promise<void>;
}

export interface TokenVaultOptions {
  readonly database: ShellDatabase;
  readonly sealing: Sealing;
  /** Issuer and client: several shells may share a database. */
  readonly client: string;
}

/**
 * The longest time in which one process may refresh alone. It is longer than a token request waits, so that no two ever ask
 * at once; and shorter than the provider's ten seconds of replay, so that the next process gets the answer that a killed one
 * lost.
 */
export const leaseMilliseconds = 6000;

/** Rows whose session is over and that one sign-in takes away. */
const removedPerSignIn = 100;

/** The clock of the database: leases of several machines are compared with it alone. */
const clocks = {
  postgresql: 'CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)',
  sqlite: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
} as const;

/** Builds the vault on a database. */
export function createTokenVault({ database, sealing, client }: TokenVaultOptions): TokenVault {
  const clock = clocks[database.dialect];
  const seal = (tokens: ShellTokens, hash: string): string => sealing.seal('vault', serializeTokens(tokens), hash);

  return {
    async add({ handle, subject, sid, endsAt }, tokens) {
      const hash = hashOfHandle(handle);
      await database.run(
        `INSERT INTO sallyport_shell_tokens
          (handle_hash, client, subject, sid, sealed, version, lease, leased_until, ends_at)
          VALUES (?, ?, ?, ?, ?, 1, '', 0, ?)`,
        hash,
        client,
        subject,
        sid ?? null,
        seal(tokens, hash),
        endsAt,
      );
      await database.run(
        `DELETE FROM sallyport_shell_tokens WHERE handle_hash IN
          (SELECT handle_hash FROM sallyport_shell_tokens WHERE ends_at < ${clock} LIMIT ${removedPerSignIn})`,
      );
    },
    async read(handle) {
      const hash = hashOfHandle(handle);
      const [row] = await database.run(
        `SELECT sealed, version FROM sallyport_shell_tokens WHERE handle_hash = ? AND ends_at >= ${clock}`,
        hash,
      );
      // What no secret opens any more is of no use to any request: its user signs in again.
      const tokens = row === undefined ? undefined : parseTokens(sealing.open('vault', String(row['sealed']), hash));
      return tokens === undefined ? undefined : { tokens, version: Number(row?.['version']) };
    },
    async lease(handle, version) {
      const id = randomBytes(16).toString('base64url');
      const rows = await database.run(
        `UPDATE sallyport_shell_tokens SET lease = ?, leased_until = ${clock} + ${leaseMilliseconds}
          WHERE handle_hash = ? AND version = ? AND leased_until <= ${clock} RETURNING version`,
        id,
        hashOfHandle(handle),
        version,
      );
      return rows.length === 1 ? { handle, id } : undefined;
    },
    async replace({ handle, id }, tokens) {
      const hash = hashOfHandle(handle);
      const rows = await database.run(
        `UPDATE sallyport_shell_tokens SET sealed = ?, version = version + 1, lease = '', leased_until = 0
          WHERE handle_hash = ? AND lease = ? RETURNING version`,
        seal(tokens, hash),
        hash,
        id,
      );
      return rows.length === 1;
    },
    async release({ handle, id }) {
      await database.run(
        "UPDATE sallyport_shell_tokens SET lease = '', leased_until = 0 WHERE handle_hash = ? AND lease = ?",
        hashOfHandle(handle),
        id,
      );
    },
    async remove(handle) {
      await database.run('DELETE FROM sallyport_shell_tokens WHERE handle_hash = ?', hashOfHandle(handle));
    },
    async removeAll(target) {
      const [column, value] = 'sid' in target ? ['sid', target.sid] : ['subject', target.subject];
      await database.run(`DELETE FROM sallyport_shell_tokens WHERE client = ? AND ${column} = ?`, client, value);
    },
  };
}
