import { accessFor, createLocalDecisionPoint, definePolicy, type PolicyCaller } from '@sallyport/policy';
import { createOpaDecisionPoint } from '@sallyport/policy/opa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../tools/test-servers/find-program.ts';
import { startOpa } from '../../tools/test-servers/opa.ts';
import type { RunningServer } from '../../tools/test-servers/test-server.ts';

/** Go compiles it at the first run on a machine. */
const buildMilliseconds = 1_200_000;

const policy = definePolicy({
  permissions: { 'product:update': "Change one's own products", 'product:update-any': 'Change any product' },
  roles: { vendor: ['product:update'], admin: ['product:update-any'] },
  records: { Product: { fields: { id: 'string', vendorId: 'string', status: 'string', tags: 'string[]' } } },
  rules: [
    { allow: 'read', on: 'Product', to: 'everyone', when: { status: { eq: 'published' } }, reason: 'published' },
    {
      allow: ['read', 'update'],
      on: 'Product',
      to: 'product:update',
      when: { vendorId: { eq: { subject: 'id' } } },
      reason: 'own',
    },
    { allow: '*', on: 'Product', to: 'product:update-any', reason: 'any' },
    { deny: 'update', on: 'Product', when: { tags: { eq: 'sealed' } }, reason: 'sealed' },
    { deny: 'update', on: 'Product', fields: ['vendorId'], unless: 'product:update-any', reason: 'owner-is-fixed' },
  ],
});

/** The same rules, as a team that keeps them in OPA writes them. */
const rego = `package shop

default decision := {"allow": false}

decision := {"allow": false, "reason": "sealed", "text": "It is sealed."} if denied["sealed"]
decision := {"allow": false, "reason": "owner-is-fixed"} if { denied["owner-is-fixed"]; not denied["sealed"] }
decision := {"allow": true} if { count(denied) == 0; allowed }

allowed if { input.action == "read"; input.record.status == "published" }
allowed if {
  input.action in {"read", "update"}
  "product:update" in input.subject.permissions
  input.record.vendorId == input.subject.id
}
allowed if "product:update-any" in input.subject.permissions

denied contains "sealed" if { input.action == "update"; "sealed" in input.record.tags }
denied contains "owner-is-fixed" if {
  input.action == "update"
  input.field == "vendorId"
  not "product:update-any" in object.get(input.subject, "permissions", [])
}

plain if input.action == "read"
broken := 1 if input.action == "read"
broken := 2 if input.action == "read"
`;

const callers: readonly PolicyCaller[] = [
  { kind: 'anonymous' },
  { kind: 'user', id: 'ursula', roles: [], permissions: [] },
  { kind: 'user', id: 'vera', roles: ['vendor'], permissions: ['product:update'] },
  { kind: 'user', id: 'vera', roles: [], permissions: [] },
  { kind: 'service', id: 'importer', roles: [], permissions: ['product:update-any'] },
];
const records = [
  { id: 'p1', vendorId: 'bob', status: 'published', tags: [] },
  { id: 'p2', vendorId: 'vera', status: 'draft', tags: [] },
  { id: 'p3', vendorId: 'vera', status: 'published', tags: ['sealed', 'new'] },
  { id: 'p4', vendorId: null, status: null, tags: null },
  {},
];
const questions = callers.flatMap((caller) =>
  records.flatMap((record) =>
    (['create', 'read', 'update', 'delete'] as const).flatMap((action) =>
      ([undefined, 'vendorId', 'status'] as const).map((field) => ({ caller, record, action, field, type: 'Product' })),
    ),
  ),
);

let opa: RunningServer;

const putPolicy = async (): Promise<void> => {
  const answer = await fetch(`${opa.url}/v1/policies/shop`, {
    method: 'PUT',
    headers: { 'content-type': 'text/plain' },
    body: rego,
  });
  // With what the compiler of OPA says of the policy, where it refuses it.
  expect(await answer.json()).toEqual({});
};
const pointAt = (rule: string) => createOpaDecisionPoint({ policy, url: opa.url, rule, timeoutMilliseconds: 10_000 });
const question = questions[0] ?? expect.fail('there are none');

const isAbsent = findProgram('opa') === undefined && findProgram('go', ['/usr/local/go/bin']) === undefined;

describe.skipIf(isAbsent)('decisions of Open Policy Agent (skipped where there is neither opa nor go)', () => {
  beforeAll(async () => {
    const started = await startOpa();
    if (started.kind === 'absent') throw new Error(started.reason);
    opa = started;
  }, buildMilliseconds);
  afterAll(() => opa.stop());

  it('are none, 503, before its policy is loaded', async () => {
    await expect(pointAt('shop/decision').decide(question)).rejects.toMatchObject({
      status: 503,
      reason: 'opa-undefined',
    });
  });

  it('are those of the policy file with the same rules, for every question', async () => {
    await putPolicy();
    const [local, remote] = [createLocalDecisionPoint(policy), pointAt('shop/decision')];
    const differing: object[] = [];
    for (const asked of questions) {
      const [here, there] = await Promise.all([local.decide(asked), remote.decide(asked)]);
      if (here.isAllowed !== there.isAllowed) differing.push({ asked, here, there });
    }
    expect(differing).toEqual([]);
    const allowed = questions.filter(({ caller, action, record, field }) =>
      accessFor(policy, caller).can(action, 'Product', record, field),
    );
    // Neither all nor none of them.
    expect(allowed.length).toBeGreaterThan(questions.length / 10);
    expect(allowed.length).toBeLessThan((questions.length * 9) / 10);
  });

  it('come with the reason and the text of the rule', async () => {
    const sealed = { ...question, caller: callers[2] ?? question.caller, action: 'update', record: records[2] ?? {} };
    expect(await pointAt('shop/decision').decide(sealed)).toMatchObject({
      isAllowed: false,
      reason: 'sealed',
      textForUser: 'It is sealed.',
    });
  });

  it.each([
    { name: 'a rule without a default, where its condition is false', rule: 'shop/plain', reason: 'opa-undefined' },
    { name: 'a rule that is misspelt', rule: 'shop/decison', reason: 'opa-undefined' },
    { name: 'a whole package', rule: 'shop', reason: 'opa-unreadable' },
    { name: 'a rule with two results', rule: 'shop/broken', action: 'read', reason: 'opa-refused' },
  ])('are none, 503, of $name', async ({ rule, action = 'update', reason }) => {
    await expect(pointAt(rule).decide({ ...question, action })).rejects.toMatchObject({ status: 503, reason });
  });

  it('are none, 503, while it is away, and come back with it', async () => {
    await opa.process?.kill();
    await expect(pointAt('shop/decision').decide(question)).rejects.toMatchObject({
      status: 503,
      reason: 'opa-unreachable',
    });
    await opa.process?.restart();
    await putPolicy();
    expect(await pointAt('shop/decision').decide(question)).toMatchObject({ isAllowed: false });
  });
});
