import { readFileSync } from 'node:fs';
import { exitCodes, OptionsError, UsageError } from '@sallyport/core';
import { accessFor, parsePolicy, type AnyPolicy, type Explanation, type PolicyCaller } from '@sallyport/policy';
import type { Command, CommandCall } from '../command.ts';
import { loadSettings } from '../open-system.ts';
import { toPlainText, toTable } from '../table.ts';
import { givenCaller, storedCaller } from './policy-caller.ts';

const maxRecordBytes = 1_048_576;

/** Says what the policy of the configuration decides about one record, and why. */
export const explainPolicy: Command = {
  name: 'policy explain',
  summary: 'Says whether a user may do something to a record, why, and what would allow it',
  operands: ['<user>', '<action>', '<record>'],
  options: {
    type: { value: 'type', describe: 'The type of the record, as the policy declares it', isRequired: true },
    field: { value: 'field', describe: 'Asks about this field alone' },
    roles: {
      value: 'roles',
      describe: 'With these roles, separated by commas, and <user> as the id: no store is opened',
    },
    org: { value: 'id', describe: 'With this organization active, and the roles that the user has in it' },
    'org-roles': { value: 'roles', describe: 'With --org: with these roles inside it, separated by commas' },
  },
  notes: [
    '<user> is an email address, or "anonymous". Roles and what they hold are those that are stored; with --roles they are those',
    'of the configuration. <record> is JSON, or @file. Nothing is asked of a running gateway. Exit code 1 when it is refused.',
  ],
  run: async (call) => {
    const [, action = '', text = ''] = call.operands;
    const { config } = await loadSettings(call.terminal);
    const policy = parsePolicy(config.policy);
    const question = {
      action,
      type: call.value('type') ?? '',
      field: call.value('field'),
      record: readRecord(call, text),
    };
    // What is misspelt is said before a store is opened.
    explain(policy, { kind: 'anonymous' }, question);
    const caller = await callerOf(call, policy);
    const explanation = explain(policy, caller, question);
    call.report({ ...explanation, caller }, toText(explanation, caller));
    return explanation.decision.allowed ? exitCodes.done : exitCodes.refused;
  },
};

interface Question {
  readonly action: string;
  readonly type: string;
  readonly field: string | undefined;
  readonly record: object;
}

/** @throws UsageError for a type, an action or a field that the policy does not declare. */
function explain(policy: AnyPolicy, caller: PolicyCaller, { action, type, record, field }: Question): Explanation {
  try {
    return accessFor(policy, caller).explain(action, type, record, field);
  } catch (error) {
    if (error instanceof OptionsError) throw new UsageError(`${error.message}.`, exitCodes.usage);
    throw error;
  }
}

/** JSON on the command line, or in a file. */
function readRecord(call: CommandCall, text: string): object {
  const source = text.startsWith('@') ? readFile(call.resolvePath(text.slice(1))) : text;
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    value = undefined;
  }
  // What was typed is not repeated: it may be a record of a person.
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(
      'The record must be one JSON object, or @ and the name of a file that holds one.',
      exitCodes.usage,
    );
  return value;
}

function readFile(path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.byteLength <= maxRecordBytes) return bytes.toString('utf8');
  } catch {
    throw new UsageError(`${path} cannot be read.`, exitCodes.usage);
  }
  throw new UsageError(`${path} is larger than a record.`, exitCodes.usage);
}

function callerOf(call: CommandCall, policy: AnyPolicy): Promise<PolicyCaller> | PolicyCaller {
  const [user = ''] = call.operands;
  const orgRoles = call.value('org-roles');
  const given = { org: call.value('org'), orgRoles: orgRoles === undefined ? undefined : listOf(orgRoles) };
  if (orgRoles !== undefined && given.org === undefined)
    throw new UsageError('--org-roles goes with --org.', exitCodes.usage);
  const roles = call.value('roles');
  if (roles !== undefined) return givenCaller(policy, { ...given, id: user, roles: listOf(roles) });
  if (user !== 'anonymous') return storedCaller(call, policy, { ...given, email: user });
  if (given.org !== undefined) throw new UsageError('An anonymous caller has no organization.', exitCodes.usage);
  return { kind: 'anonymous' };
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function toText(
  { decision, why, whatWouldAllow, textForUser, textForAdministrator }: Explanation,
  caller: PolicyCaller,
): string {
  const { allowed, reason, rule } = decision;
  const of = rule === undefined ? '' : ` (rules[${rule.index}])`;
  const blocks = [
    `${allowed ? 'Allowed' : 'Refused'}: ${reason}${of}`,
    callerLines(caller).join('\n'),
    why.length === 0
      ? 'No rule is about this action of this type.'
      : toTable(
          ['RULE', 'EFFECT', 'REASON', 'OUTCOME', 'NOT MET'],
          why.map((trace) => [
            String(trace.rule.index),
            trace.rule.effect,
            trace.rule.reason,
            trace.outcome,
            trace.unmet.join('; '),
          ]),
        ),
    whatWouldAllow.length === 0
      ? ''
      : [
          'What would allow it, one of:',
          ...whatWouldAllow.map(({ rule: way, needs }) => `  ${way.reason}: ${needs.join('; ')}`),
        ].join('\n'),
    `To the user:          ${textForUser}`,
    `To an administrator:  ${textForAdministrator}`,
  ];
  const lines = blocks.filter((block) => block !== '').flatMap((block) => [...block.split('\n'), '']);
  return lines.map(toPlainText).join('\n').trimEnd();
}

function callerLines(caller: PolicyCaller): readonly string[] {
  if (caller.kind === 'anonymous') return ['Caller: anonymous'];
  const { id, roles, permissions, org, orgRoles = [] } = caller;
  return [
    `Caller: ${id}, roles: ${roles.join(' ') || '(none)'}`,
    `Permissions: ${permissions.join(' ') || '(none)'}`,
    ...(org === undefined ? [] : [`Organization: ${org}, roles: ${orgRoles.join(' ') || '(none)'}`]),
  ];
}
