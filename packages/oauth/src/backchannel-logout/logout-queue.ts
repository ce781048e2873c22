import { recordModels, type RecordFilter, type Records } from '@sallyport/core';

/** A sign-in to a client by a session of ours. */
export interface ClientSignIn {
  readonly sid: string;
  readonly subject: string;
  readonly clientId: string;
  /** What the client is told as `sid` in its ID token. */
  readonly clientSid: string;
  /** When the session ends by itself. */
  readonly expiresAt: Date;
}

/** A logout that a client is to be told, claimed by one gateway. */
export interface WaitingLogout {
  readonly id: string;
  readonly sid: string;
  readonly subject: string;
  readonly clientId: string;
  readonly clientSid: string;
  /** How often it was tried, this time included once it is claimed: the fencing number of the turn. */
  readonly attempts: number;
  readonly endedAt: Date;
}

/** Sign-ins of clients, and the logouts that follow from them. */
export interface LogoutQueue {
  /** Notes a sign-in. Call it before the client gets anything: what ends the session from then on reaches the client. */
  record(signIn: ClientSignIn): Promise<void>;
  /** Sessions end: their clients wait to be told. Joins the transaction that it is called in. */
  noteEnded(sids: readonly string[], at: Date): Promise<void>;
  /** The same for every session of an account that is deleted. */
  noteAccountGone(subject: string, at: Date): Promise<void>;
  /** Deletes what is kept for a client. Joins the transaction that it is called in. */
  forgetClient(clientId: string): Promise<void>;
  /** Logouts whose time has come, those that wait longest first. */
  findDue(limit: number, at: Date): Promise<readonly WaitingLogout[]>;
  /** Takes one for a turn that lasts until then: resolves to it for one caller, and to `null` for all others. */
  claim(logout: WaitingLogout, until: Date): Promise<WaitingLogout | null>;
  /** Ends one. `true` for exactly one caller, and never for a turn that another one has taken over. */
  finish(logout: WaitingLogout): Promise<boolean>;
  /** Tries one again later. Does nothing for a turn that another one has taken over. */
  postpone(logout: WaitingLogout, dueAt: Date, failure: string): Promise<void>;
  /** Lets all others of a client that does not answer wait as well. */
  postponeOthers(clientId: string, at: Date, dueAt: Date): Promise<void>;
}

interface LogoutRow extends Omit<WaitingLogout, 'endedAt'> {
  readonly endedAt: Date | null;
  readonly createdAt: Date;
}

/** Clients are told for a day, and rows stay for another one at most. */
const keptAfterEndMilliseconds = 2 * 86_400_000;
/** Sign-ins of one session to one client, whose `sid` differs: more than a client can tell apart are a fault of it. */
const maxRowsOfClient = 10;

const model = recordModels.oauthLogout;
const isSignedIn: RecordFilter = { field: 'state', value: 'signed-in' };
const isWaiting: RecordFilter = { field: 'state', value: 'waiting' };

/** Builds the queue on its table. */
export function createLogoutQueue(records: Records, now: () => Date): LogoutQueue {
  const turnInto = async (where: readonly RecordFilter[], at: Date): Promise<void> => {
    await records.updateMany({
      model,
      where: [...where, isSignedIn],
      update: {
        state: 'waiting',
        dueAt: at,
        endedAt: at,
        expiresAt: new Date(at.getTime() + keptAfterEndMilliseconds),
      },
    });
  };

  return {
    async record({ sid, subject, clientId, clientSid, expiresAt }) {
      const ofClient = [is('sid', sid), is('clientId', clientId), isSignedIn];
      const sortBy = { field: 'createdAt', direction: 'asc' } as const;
      const rows = await records.findMany<LogoutRow>({ model, where: ofClient, sortBy });
      if (rows.some((row) => row.clientSid === clientSid)) {
        // What it resolves to says nothing here: MongoDB does not count a row that had this value before.
        await records.updateMany({ model, where: [...ofClient, is('clientSid', clientSid)], update: { expiresAt } });
        return;
      }
      for (const { id } of rows.slice(0, Math.max(rows.length - maxRowsOfClient + 1, 0)))
        await records.deleteMany({ model, where: [is('id', id), isSignedIn] });
      const data = { sid, subject, clientId, clientSid, state: 'signed-in', attempts: 0, createdAt: now(), expiresAt };
      await records.create({ model, data: { ...data, dueAt: null, endedAt: null, lastFailure: null } });
    },
    noteEnded: (sids, at) => turnInto([{ field: 'sid', operator: 'in', value: [...sids] }], at),
    noteAccountGone: (subject, at) => turnInto([is('subject', subject)], at),
    async forgetClient(clientId) {
      await records.deleteMany({ model, where: [is('clientId', clientId)] });
    },
    async findDue(limit, at) {
      const rows = await records.findMany<LogoutRow>({
        model,
        where: [{ field: 'dueAt', operator: 'lte', value: at }, isWaiting],
        sortBy: { field: 'dueAt', direction: 'asc' },
        limit,
      });
      return rows.map((row) => ({ ...row, endedAt: row.endedAt ?? row.createdAt }));
    },
    async claim(logout, until) {
      const attempts = logout.attempts + 1;
      const count = await records.updateMany({ model, where: turnOf(logout), update: { attempts, dueAt: until } });
      return count === 1 ? { ...logout, attempts } : null;
    },
    finish: async (logout) => (await records.deleteMany({ model, where: turnOf(logout) })) === 1,
    async postpone(logout, dueAt, lastFailure) {
      await records.updateMany({ model, where: turnOf(logout), update: { dueAt, lastFailure } });
    },
    async postponeOthers(clientId, at, dueAt) {
      const where = [is('clientId', clientId), isWaiting, { field: 'dueAt', operator: 'lte' as const, value: at }];
      await records.updateMany({ model, where, update: { dueAt } });
    },
  };
}

/** The row in the turn that has this number. */
function turnOf({ id, attempts }: WaitingLogout): RecordFilter[] {
  return [is('id', id), is('attempts', attempts), isWaiting];
}

function is(field: string, value: string | number): RecordFilter {
  return { field, value };
}
