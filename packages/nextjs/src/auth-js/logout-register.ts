import type { ShellDatabase } from './shell-database.ts';
import { hashOfHandle, type ShellSession } from './shell-session.ts';

/** What a logout ends: one session of the provider, or every session that its user has until now. */
export type LogoutTarget = { readonly sid: string } | { readonly subject: string };

/**
 * Remembers what ended, for as long as a session could live: the cookie of next-auth is a copy of the sign-in that the
 * browser holds, and a request in flight may write it once more after it was taken away.
 */
export interface LogoutRegister {
  /** Ends sessions of the provider, by what a back-channel logout names. */
  end(target: LogoutTarget): Promise<void>;
  /** Ends the one session of a cookie. */
  endSession(session: ShellSession): Promise<void>;
  isEnded(session: ShellSession): Promise<boolean>;
  /** Whether a logout token was used before. */
  isUsed(jti: string): Promise<boolean>;
  /**
   * Marks a logout token as used.
   *
   * @returns `true` to exactly one caller.
   */
  useOnce(jti: string, until: number): Promise<boolean>;
}

export interface LogoutRegisterOptions {
  /** Issuer and client: several shells may share a database. */
  readonly client: string;
  readonly sessionSeconds: number;
  readonly now?: () => number;
}

/** Rows whose time is over and that one write takes away. */
const removedPerWrite = 100;

/** Keeps the register in a database: for any number of processes. */
export function createDatabaseRegister(database: ShellDatabase, options: LogoutRegisterOptions): LogoutRegister {
  const { client, sessionSeconds, now = Date.now } = options;
  const markOf = (kind: string, id: string): string => hashOfHandle(JSON.stringify([client, kind, id]));

  const write = async (mark: string, keepUntil: number): Promise<boolean> => {
    const at = now();
    const written = await database.run(
      `INSERT INTO sallyport_shell_logouts (mark, ended_at, keep_until) VALUES (?, ?, ?)
        ON CONFLICT (mark) DO NOTHING RETURNING mark`,
      mark,
      at,
      keepUntil,
    );
    await database.run(
      `DELETE FROM sallyport_shell_logouts WHERE mark IN
        (SELECT mark FROM sallyport_shell_logouts WHERE keep_until < ? LIMIT ${removedPerWrite})`,
      at,
    );
    return written.length === 1;
  };
  const renew = async (mark: string): Promise<void> => {
    const at = now();
    const keepUntil = at + sessionSeconds * 1000;
    if (await write(mark, keepUntil)) return;
    await database.run(
      'UPDATE sallyport_shell_logouts SET ended_at = ?, keep_until = ? WHERE mark = ? AND ended_at < ?',
      at,
      keepUntil,
      mark,
      at,
    );
  };

  return {
    end: (target) => renew('sid' in target ? markOf('sid', target.sid) : markOf('sub', target.subject)),
    endSession: (session) => renew(markOf('handle', session.handle)),
    async isEnded({ handle, sid, subject, startedAt }) {
      const bySubject = markOf('sub', subject);
      const rows = await database.run(
        'SELECT mark, ended_at FROM sallyport_shell_logouts WHERE mark IN (?, ?, ?)',
        markOf('handle', handle),
        markOf('sid', sid ?? ''),
        bySubject,
      );
      // A user who was signed out everywhere may sign in again: what began later lives.
      return rows.some((row) => row['mark'] !== bySubject || Number(row['ended_at']) >= startedAt);
    },
    async isUsed(jti) {
      const rows = await database.run('SELECT mark FROM sallyport_shell_logouts WHERE mark = ?', markOf('jti', jti));
      return rows.length > 0;
    },
    useOnce: (jti, until) => write(markOf('jti', jti), until),
  };
}

/** Keeps the register in this process. Another process knows nothing of it, nor does this one after a restart. */
export function createProcessRegister(options: LogoutRegisterOptions): LogoutRegister {
  const { sessionSeconds, now = Date.now } = options;
  const marks = new Map<string, { readonly endedAt: number; readonly keepUntil: number }>();
  const write = (mark: string, keepUntil: number): void => {
    const at = now();
    for (const [known, { keepUntil: until }] of marks) if (until < at) marks.delete(known);
    marks.set(mark, { endedAt: at, keepUntil });
  };
  const renew = async (mark: string): Promise<void> => write(mark, now() + sessionSeconds * 1000);

  return {
    end: (target) => renew('sid' in target ? `sid ${target.sid}` : `sub ${target.subject}`),
    endSession: (session) => renew(`handle ${session.handle}`),
    async isEnded({ handle, sid, subject, startedAt }) {
      if (marks.has(`handle ${handle}`) || (sid !== undefined && marks.has(`sid ${sid}`))) return true;
      return (marks.get(`sub ${subject}`)?.endedAt ?? -1) >= startedAt;
    },
    isUsed: async (jti) => marks.has(`jti ${jti}`),
    async useOnce(jti, until) {
      if (marks.has(`jti ${jti}`)) return false;
      write(`jti ${jti}`, until);
      return true;
    },
  };
}
