import {
  definePolicy,
  type Caller,
  type OrganizationAnswer,
  type OrganizationsAnswer,
  type SessionAnswer,
} from '@sallyport/core';
import { startHarness, type Answer, type Harness, type HarnessOptions } from '../../identity.test-support.ts';
import { createMemberTable } from './member-table.ts';

/** Roles inside organizations beside those of the deployment. */
export const organizationPolicy = definePolicy({
  permissions: {
    'product:read': 'Look at products',
    'invoice:read': 'Look at invoices',
    'user:manage': 'Change the roles of people',
    'organization:manage': 'Rename and delete an organization',
    'member:manage': 'Invite and remove members',
  },
  roles: { user: ['product:read'], vendor: ['product:read'], admin: ['product:read', 'user:manage'] },
  organizationRoles: {
    owner: ['organization:manage', 'member:manage', 'invoice:read'],
    manager: ['member:manage'],
    clerk: ['invoice:read'],
    guest: [],
  },
});

/** Identity with organizations. */
export function startOrganizationHarness(options: HarnessOptions = {}): Promise<Harness> {
  return startHarness({ policy: organizationPolicy, ...options });
}

/** A signed-in user. */
export interface Person {
  readonly id: string;
  readonly email: string;
  readonly sid: string;
  /** Who the gateway would say is calling now. */
  readonly caller: () => Promise<Caller>;
  readonly call: (method: string, path: string, body?: unknown) => Promise<Answer>;
}

/** Makes an account, and signs it in. */
export async function makePerson(harness: Harness, name: string, roles?: readonly string[]): Promise<Person> {
  const email = `${name}@example.test`;
  const id = await harness.makeUser(email, roles);
  return signPersonIn(harness, id, email);
}

/** Another session of an account. */
export async function signPersonIn(harness: Harness, id: string, email: string): Promise<Person> {
  const { sid } = await harness.signIn(email);
  const caller = async (): Promise<Caller> => {
    const session = await harness.identity.directory.bySid(sid);
    return session?.principal ?? { kind: 'anonymous' };
  };
  return {
    id,
    email,
    sid,
    caller,
    call: async (method, path, body) =>
      harness.call(method, `/auth/organizations${path}`, body, { caller: await caller() }),
  };
}

/** Makes an organization as its owner does, and resolves to its id. */
export async function makeOrganization(owner: Person, name = 'Acme'): Promise<string> {
  const answer = await owner.call('POST', '', { name });
  if (answer.status !== 201) throw new TypeError(`no organization was made: ${answer.text}`);
  return (answer.body as OrganizationAnswer).organization.id;
}

/** Makes a user a member, past any invitation. */
export async function join(
  { database, now }: Harness,
  organizationId: string,
  { id }: Pick<Person, 'id'>,
  roles: readonly string[],
): Promise<void> {
  await createMemberTable(database.records).insert({ organizationId, userId: id, roles, joinedAt: now() });
}

/** The roles of a member as they are stored; `undefined` for a user who is none. */
export async function rolesOf(
  { database }: Harness,
  organizationId: string,
  { id }: Pick<Person, 'id'>,
): Promise<readonly string[] | undefined> {
  return (await createMemberTable(database.records).find(organizationId, id))?.roles;
}

/** Turns the session of a person to an organization. */
export function activate({ call }: Person, organization: string | null): Promise<Answer> {
  return call('POST', '/active', { organization });
}

/** What a person is shown of the organizations. */
export async function listOf({ call }: Person): Promise<OrganizationsAnswer> {
  return (await call('GET', '')).body as OrganizationsAnswer;
}

/** What the session says of itself. */
export async function sessionOf(harness: Harness, person: Person): Promise<SessionAnswer> {
  const { body } = await harness.call('GET', '/auth/session', undefined, { caller: await person.caller() });
  return body as SessionAnswer;
}

/** Events of a kind, with their details read. */
export async function eventsOf(harness: Harness, type: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const events = await harness.events();
  return events
    .filter((event) => event['type'] === type)
    .map((event) => ({ ...event, details: JSON.parse(String(event['details'])) as unknown }));
}
