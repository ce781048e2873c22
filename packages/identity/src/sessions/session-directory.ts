import {
  freezePrincipal,
  isAssuranceAtLeast,
  isSessionLive,
  isSessionToken,
  type LiveSession,
  type Sealer,
  type SessionDirectory,
  type SessionRecord,
  type SessionStore,
} from '@sallyport/core';
import type { Membership, Memberships } from '../accounts/memberships.ts';
import type { RoleDirectory } from '../accounts/role-directory.ts';
import type { User, UserTable } from '../accounts/user-table.ts';
import type { RequiredAssurance } from './required-assurance.ts';

export interface SessionDirectoryOptions {
  readonly sessions: SessionStore;
  readonly users: UserTable;
  readonly roles: RoleDirectory;
  readonly memberships: Pick<Memberships, 'find' | 'withPermissions'>;
  readonly requiredAssurance: RequiredAssurance;
  /** For the purpose `session-token`. */
  readonly sealer: Sealer;
  readonly idleSeconds: number;
  readonly now: () => Date;
}

/** A live session, with what identity itself shows of it. */
export interface StoredSession extends LiveSession {
  readonly createdAt: Date;
}

/** What the gateway asks for sessions, and identity too. */
export interface StoredSessionDirectory extends SessionDirectory {
  byToken(token: string): Promise<StoredSession | null>;
  bySid(sid: string): Promise<StoredSession | null>;
}

/** Builds what tells the gateway who a session belongs to: the record, the user as stored now, the permissions of the roles. */
export function createSessionDirectory(options: SessionDirectoryOptions): StoredSessionDirectory {
  const { sessions, users, roles, memberships, requiredAssurance, sealer, idleSeconds, now } = options;

  const toLiveSession = async (record: SessionRecord | null): Promise<StoredSession | null> => {
    if (record === null || !isSessionLive(record, now())) return null;
    const user = await users.findById(record.subject);
    if (user === null || user.isBanned) return null;
    // The account may demand more than it did at the sign-in, by its roles or its factors: then the session counts as none.
    if (!isAssuranceAtLeast(record.acr, await requiredAssurance.of(user))) return null;
    const { permissions, generation } = await roles.permissionsOf(user.roles);
    // Read each time: of a membership that ended the session says nothing.
    const membership = record.org === undefined ? null : await memberships.find(record.org, user.id);
    const held = memberships.withPermissions(permissions, membership);
    return {
      principal: toPrincipal(record, user, held, generation, membership),
      createdAt: record.createdAt,
      idleExpiresAt: record.idleExpiresAt,
      absoluteExpiresAt: record.absoluteExpiresAt,
      idleSeconds,
    };
  };

  return {
    byToken: async (token) => {
      const record = isSessionToken(token) ? await sessions.findByTokenHash(sealer.hashes(token)) : null;
      // No client was given the token of a program's session: one that presents it is let in nowhere.
      return record?.credential === undefined ? toLiveSession(record) : null;
    },
    bySid: async (sid) => toLiveSession(await sessions.findBySid(sid)),
    recordActivity: (sid, at) => sessions.recordActivity(sid, at, new Date(at.getTime() + idleSeconds * 1000)),
  };
}

function toPrincipal(
  record: SessionRecord,
  user: User,
  permissions: readonly string[],
  policyGeneration: number,
  membership: Membership | null,
): LiveSession['principal'] {
  const { sid, acr, amr, authTime, actor, credential = 'session' } = record;
  return freezePrincipal({
    kind: 'user',
    id: user.id,
    sid,
    roles: [...user.roles],
    permissions: [...permissions],
    ...(membership === null ? {} : { org: membership.organization, orgRoles: [...membership.roles] }),
    acr,
    amr: [...amr],
    authTime,
    credential,
    ...(actor === undefined ? {} : { actor: { id: actor } }),
    generation: { session: record.generation, user: user.generation, policy: policyGeneration },
    profile: { name: user.name, email: user.email },
  });
}
