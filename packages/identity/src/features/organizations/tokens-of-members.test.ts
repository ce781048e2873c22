import { recordModels } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onDatabase, type Harness } from '../../identity.test-support.ts';
import {
  claimsOf,
  failToConnect,
  present,
  programOf,
  refreshWith,
  replaceMethods,
  signProgramIn,
  startTokenHarness,
  type Program,
} from '../tokens/token.test-support.ts';
import { createMemberTable, type Member } from './member-table.ts';
import { makeOrganization, makePerson, organizationPolicy } from './organization.test-support.ts';

const email = 'eve@example.test';

let harness: Harness;
let organization: string;
let member: Member;
let program: Program;
beforeEach(async () => {
  harness = await startTokenHarness({}, { policy: organizationPolicy });
  organization = await makeOrganization(await makePerson(harness, 'ada'));
  const userId = await harness.makeUser(email);
  const members = createMemberTable(harness.database.records);
  member = await members.insert({ organizationId: organization, userId, roles: ['clerk'], joinedAt: harness.now() });
  program = await signInTo(organization);
});
afterEach(() => harness.close());

/** A program that turned to an organization, with the token that says so. */
async function signInTo(org: string): Promise<Program> {
  const { sid, refreshToken } = await signProgramIn(harness, email);
  const session = await harness.sessions.findBySid(sid);
  await harness.sessions.change(sid, session?.generation ?? 0, { org });
  return programOf(await refreshWith(harness, refreshToken));
}

const inOrganization = {
  kind: 'authenticated',
  caller: { principal: { permissions: ['product:read', 'invoice:read'] } },
};
const refused = { kind: 'rejected', code: 'SP_TOKEN_INVALID', reason: 'membership-changed' };

/** What ends a membership, in a process that dies before it tells the sessions. */
const untold: readonly { readonly name: string; readonly end: () => Promise<unknown> }[] = [
  { name: 'its user left', end: async () => createMemberTable(harness.database.records).delete(member) },
  {
    name: 'its user got other roles',
    end: async () => createMemberTable(harness.database.records).setRoles(member, ['guest']),
  },
  {
    name: 'the organization was deleted',
    end: async () => {
      const where = [{ field: 'organizationId', value: organization }];
      await harness.database.records.deleteMany({ model: recordModels.organization, where });
    },
  },
];

describe(onDatabase('the access token of a member'), () => {
  it('is in the organization of its session', async () => {
    expect(claimsOf(program.accessToken)).toMatchObject({ org: organization, org_roles: ['clerk'] });
    expect(await present(harness, program.accessToken)).toMatchObject(inOrganization);
  });

  it.each(untold)('is refused half a minute after $name, also where no session was told', async ({ end }) => {
    expect(await present(harness, program.accessToken)).toMatchObject(inOrganization);
    await end();
    harness.advance(31);
    expect(await present(harness, program.accessToken)).toMatchObject(refused);
    const next = programOf(await refreshWith(harness, program.refreshToken));
    expect(claimsOf(next.accessToken)['org_roles'] ?? []).not.toContain('clerk');
  });

  it('is looked up each half a minute, and lives on', async () => {
    for (let round = 0; round < 3; round += 1) {
      harness.advance(31);
      expect(await present(harness, program.accessToken)).toMatchObject(inOrganization);
    }
  });

  it('is good until it ends while its session cannot be looked up', async () => {
    expect(await present(harness, program.accessToken)).toMatchObject(inOrganization);
    harness.advance(31);
    const restore = replaceMethods(harness.database.records, { findOne: failToConnect, findMany: failToConnect });
    const outcome = await present(harness, program.accessToken);
    restore();
    expect(outcome).toMatchObject({ kind: 'authenticated' });
    await untold[0]?.end();
    harness.advance(2);
    expect(await present(harness, program.accessToken)).toMatchObject(refused);
  });
});
