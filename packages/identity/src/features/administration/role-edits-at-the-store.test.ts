import { recordModels } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyPolicy } from '../../accounts/apply-policy.ts';
import { readPolicyState } from '../../accounts/policy-state.ts';
import { kernelEvents } from '../../events/kernel-events.ts';
import { createSecurityEventLog } from '../../events/security-event-log.ts';
import { canRace, isEmbedded, onDatabase, type Harness } from '../../identity.test-support.ts';
import {
  ada,
  editorOf,
  operator,
  robin,
  roleNow as roleIn,
  rolePolicy as policy,
  startRoleHarness as start,
} from './role-edits.test-support.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

const editor = () => editorOf(harness);
const roleNow = async (name: string) => roleIn(harness, name);
const versionNow = async (name: string) => (await roleNow(name))?.version ?? '';
const eventsOf = async (type: string) => (await harness.events()).filter((event) => event['type'] === type);

describe(onDatabase('edits at the same moment'), () => {
  it.skipIf(!canRace())('of one version are one', async () => {
    const version = await versionNow('vendor');
    const wishes = [[], ['product:delete'], ['product:read', 'product:delete']];
    const outcomes = await Promise.allSettled(
      wishes.map((permissions) => editor().set({ name: 'vendor', permissions, version }, operator)),
    );
    const done = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(done).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'SP_CONFLICT' });
    expect(await eventsOf('role.changed')).toHaveLength(1);
    expect(await roleNow('vendor')).toEqual(done[0]?.status === 'fulfilled' ? done[0].value.role : undefined);
  });

  it.skipIf(!canRace())('leave one role that manages, when each takes it from another role', async () => {
    await editor().set({ name: 'boss', permissions: ['user:manage'], version: null }, operator);
    await harness.makeUser(ada, ['admin']);
    await harness.makeUser(robin, ['boss']);
    const [admin, boss] = [await versionNow('admin'), await versionNow('boss')];
    const outcomes = await Promise.allSettled([
      editor().set({ name: 'admin', permissions: [], version: admin }, operator),
      editor().remove('boss', boss, operator),
    ]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it.skipIf(!canRace())('with a ban of the last account of the other role leave one that manages', async () => {
    await editor().set({ name: 'boss', permissions: ['user:manage'], version: null }, operator);
    await harness.makeUser(ada, ['admin']);
    const boss = await harness.makeUser(robin, ['boss']);
    const version = await versionNow('admin');
    const outcomes = await Promise.allSettled([
      editor().set({ name: 'admin', permissions: [], version }, operator),
      harness.identity.accounts.setBanned(boss, true),
    ]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });
});

describe(onDatabase('the policy file beside edits'), () => {
  const apply = (roles: Readonly<Record<string, readonly string[]>>, how?: 'carry-over' | 'exactly') => {
    const { records, transaction } = harness.database;
    const events = createSecurityEventLog(records, kernelEvents);
    const file = { permissions: policy.permissions, roles };
    return applyPolicy({
      policy: file,
      records,
      transaction,
      bus: harness.bus,
      events,
      now: harness.now,
      ...(how && { how }),
    });
  };
  const edit = async () => {
    await editor().set(
      { name: 'vendor', permissions: ['product:delete'], version: await versionNow('vendor') },
      operator,
    );
    await editor().set({ name: 'auditor', permissions: ['product:read'], version: null }, operator);
  };

  it('does not differ by an edit, which is shown as one', async () => {
    await edit();
    expect(await readPolicyState(harness.database.records, policy)).toEqual({
      differences: [],
      edits: [
        { role: 'auditor', kind: 'added', permissionsAdded: ['product:read'], permissionsRemoved: [] },
        { role: 'vendor', kind: 'changed', permissionsAdded: ['product:delete'], permissionsRemoved: ['product:read'] },
      ],
    });
  });

  it('is carried over to the roles, and no edit is lost', async () => {
    await edit();
    const { clerk: _gone, ...others } = policy.roles;
    await apply({ ...others, vendor: ['product:read', 'role:read'], chef: [] });
    const roles = new Map((await editor().list()).map(({ name, permissions }) => [name, permissions.toSorted()]));
    expect(roles.get('vendor')).toEqual(['product:delete', 'role:read']);
    expect(roles.get('auditor')).toEqual(['product:read']);
    expect(roles.get('chef')).toEqual([]);
    expect(roles.has('clerk')).toBe(false);
  });

  it('makes the roles exactly its own when that is asked for', async () => {
    await edit();
    await apply(policy.roles, 'exactly');
    const state = await readPolicyState(harness.database.records, policy);
    expect(state).toEqual({ differences: [], edits: [] });
    expect(await roleNow('auditor')).toBeUndefined();
  });

  it('differs when it drops a permission that a role was given by an edit', async () => {
    await edit();
    const { 'product:delete': _gone, ...permissions } = policy.permissions;
    const roles = { ...policy.roles, clerk: [], admin: policy.roles.admin.filter((name) => name !== 'product:delete') };
    const state = await readPolicyState(harness.database.records, { permissions, roles });
    expect(state?.differences).toContainEqual({
      role: 'vendor',
      kind: 'changed',
      permissionsAdded: [],
      permissionsRemoved: ['product:delete'],
    });
  });

  it('of a database that an earlier version made is the one that is stored, until the first edit notes it', async () => {
    const { records } = harness.database;
    await records.deleteMany({ model: recordModels.appliedPolicy, where: [{ field: 'name', value: 'roles' }] });
    expect(await readPolicyState(records, policy)).toEqual({ differences: [], edits: [] });
    await edit();
    const state = await readPolicyState(records, policy);
    expect(state?.differences).toEqual([]);
    expect(state?.edits).toHaveLength(2);
  });
});

describe.skipIf(!isEmbedded())('a role that a hundred thousand users have', () => {
  it('is edited with one event on the bus, and with no row of a user', async () => {
    const many = 100_000;
    harness.sqlite.exec(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${many})
      INSERT INTO user (id, name, email, emailVerified, roles, generation, createdAt, updatedAt)
      SELECT 'u' || i, 'U', 'u' || i || '@example.test', 1, 'vendor', 1, '2030-01-01', '2030-01-01' FROM n`);
    const written = () => Number(harness.sqlite.prepare('SELECT total_changes() AS count').get()?.['count']);
    const roleCount = (await editor().list()).length;
    const version = await versionNow('vendor');
    const before = written();
    await editor().set({ name: 'vendor', permissions: ['product:read', 'product:delete'], version }, operator);
    expect(harness.heard).toHaveLength(1);
    // Each role is locked by a write; then the role and the event are written.
    expect(written() - before).toBe(roleCount + 2);
  });
});
