import { findPolicyProblems } from '../definition/find-policy-problems.ts';
import type { AnyPolicy } from '../definition/policy.ts';
import { reservedReasons } from '../definition/reasons.ts';
import { actionsOf, type RecordType } from '../definition/record-types.ts';

type Members = Readonly<Record<string, unknown>>;

const tableKeys = ['policy', 'callers', 'records', 'matrix', 'cases', 'acceptedSurvivors'];
const callerKeys = ['id', 'kind', 'roles', 'permissions', 'org', 'orgRoles'];
const caseKeys = ['name', 'caller', 'on', 'field', 'change', 'may', 'mayNot', 'because', 'sees'];

/** What is wrong with tests of a policy, one line each. The same names are typed; this is for files that are not compiled. */
export function problemsOfTestTable(table: unknown): readonly string[] {
  if (!isMembers(table)) return ['they are no object: export default definePolicyTests(policy, { … })'];
  const broken = findPolicyProblems(table['policy']);
  if (broken.length > 0) return broken.map(({ path, message }) => `policy.${path.join('.')}: ${message}`);
  const policy = table['policy'] as AnyPolicy; // Just checked.
  const problems = [
    ...unknownKeys(table, tableKeys, 'the table'),
    ...problemsOfCallers(policy, table['callers']),
    ...problemsOfRecords(policy, table['records']),
    ...problemsOfAcceptances(table['acceptedSurvivors']),
  ];
  if (problems.length > 0) return problems;
  const names = { policy, callers: table['callers'] as Members, records: table['records'] as Members };
  return [...problemsOfMatrix(names, table['matrix']), ...problemsOfCases(names, table['cases'] ?? [])];
}

interface Names {
  readonly policy: AnyPolicy;
  readonly callers: Members;
  readonly records: Members;
}

function problemsOfCallers(policy: AnyPolicy, callers: unknown): readonly string[] {
  if (!isMembers(callers) || Object.keys(callers).length === 0) return ['callers: must name at least one'];
  return Object.entries(callers).flatMap(([name, caller]) => {
    const at = `callers.${name}`;
    if (caller === 'anonymous') return [];
    if (!isMembers(caller)) return [`${at}: must be 'anonymous' or an object with an id`];
    const { id, kind = 'user', org } = caller;
    return [
      ...unknownKeys(caller, callerKeys, at),
      ...(isText(id) ? [] : [`${at}.id: is missing`]),
      ...(kind === 'user' || kind === 'service' ? [] : [`${at}.kind: must be 'user' or 'service'`]),
      ...(org === undefined || isText(org) ? [] : [`${at}.org: must be the id of an organization`]),
      ...(caller['orgRoles'] === undefined || isText(org) ? [] : [`${at}.orgRoles: need an org`]),
      ...unknownNames(caller['roles'], Object.keys(policy.roles), `${at}.roles`),
      ...unknownNames(caller['permissions'], Object.keys(policy.permissions), `${at}.permissions`),
      ...unknownNames(caller['orgRoles'], Object.keys(policy.organizationRoles), `${at}.orgRoles`),
    ];
  });
}

function problemsOfRecords(policy: AnyPolicy, records: unknown): readonly string[] {
  if (!isMembers(records) || Object.keys(records).length === 0) return ['records: must name at least one'];
  return Object.entries(records).flatMap(([name, record]) => {
    const at = `records.${name}`;
    if (!isMembers(record)) return [`${at}: must have a type and fields`];
    const type = typeOf(policy, record['type']);
    if (type === undefined)
      return [`${at}.type: must be a type of the policy: ${Object.keys(policy.records).join(', ')}`];
    return [
      ...unknownKeys(record, ['type', 'fields'], at),
      ...problemsOfFields(type, record['fields'], `${at}.fields`),
    ];
  });
}

function problemsOfFields(type: RecordType, fields: unknown, at: string): readonly string[] {
  if (!isMembers(fields)) return [`${at}: must be an object`];
  return Object.keys(fields).flatMap((field) =>
    Object.hasOwn(type.fields, field) ? [] : [`${at}.${field}: is not a field of the type`],
  );
}

function problemsOfMatrix({ policy, callers, records }: Names, matrix: unknown): readonly string[] {
  if (!isMembers(matrix)) return ['matrix: must have a row for each record'];
  const problems = differences(Object.keys(matrix), Object.keys(records), 'matrix', 'record');
  if (problems.length > 0) return problems;
  return Object.entries(matrix).flatMap(([record, row]) => {
    const at = `matrix.${record}`;
    if (!isMembers(row)) return [`${at}: must have a cell for each caller`];
    const actions = actionsIn(policy, typeNameOf(records[record]));
    return [
      ...differences(Object.keys(row), Object.keys(callers), at, 'caller'),
      ...Object.entries(row).flatMap(([caller, cell]) =>
        cell === '*' ? [] : unknownNames(cell ?? null, actions, `${at}.${caller}`),
      ),
    ];
  });
}

function problemsOfCases(names: Names, cases: unknown): readonly string[] {
  if (!Array.isArray(cases)) return ['cases: must be a list'];
  return cases.flatMap((each: unknown, index) => problemsOfCase(names, each, `cases[${index}]`));
}

function problemsOfCase({ policy, callers, records }: Names, each: unknown, at: string): readonly string[] {
  if (!isMembers(each)) return [`${at}: must be an object`];
  const { caller, on, may, mayNot, sees, field, change, because, name } = each;
  if (!isText(on) || !Object.hasOwn(records, on)) return [`${at}.on: must be one of the records`];
  const typeName = typeNameOf(records[on]);
  const type = typeOf(policy, typeName);
  const fields = Object.keys(type?.fields ?? {});
  const asked = [may, mayNot, sees].filter((value) => value !== undefined);
  const alone = sees === undefined ? [] : [field, change, because].filter((value) => value !== undefined);
  return [
    ...unknownKeys(each, caseKeys, at),
    ...(isText(caller) && Object.hasOwn(callers, caller) ? [] : [`${at}.caller: must be one of the callers`]),
    ...(asked.length === 1 ? [] : [`${at}: needs one of may, mayNot and sees`]),
    ...(alone.length === 0 ? [] : [`${at}: sees stands without field, change and because`]),
    ...(field !== undefined && change !== undefined ? [`${at}: field and change exclude each other`] : []),
    ...(name === undefined || isText(name) ? [] : [`${at}.name: must be a text`]),
    ...problemsOfReason(policy, because, mayNot, `${at}.because`),
    ...unknownNames(may === undefined ? [] : [may], actionsIn(policy, typeName), `${at}.may`),
    ...unknownNames(mayNot === undefined ? [] : [mayNot], actionsIn(policy, typeName), `${at}.mayNot`),
    ...unknownNames(field === undefined ? [] : [field], fields, `${at}.field`),
    ...unknownNames(sees, fields, `${at}.sees`),
    ...(change === undefined || type === undefined ? [] : problemsOfFields(type, change, `${at}.change`)),
  ];
}

/** A rule without a reason has one of its place, which every rule before it moves. */
function problemsOfReason(policy: AnyPolicy, because: unknown, mayNot: unknown, at: string): readonly string[] {
  if (because === undefined) return [];
  if (mayNot === undefined) return [`${at}: is the reason of a refusal, and goes with mayNot`];
  const known = [
    ...policy.rules.flatMap(({ deny, reason }) => (deny === undefined ? [] : (reason ?? []))),
    ...reservedReasons,
  ];
  return unknownNames([because], known, at);
}

function problemsOfAcceptances(accepted: unknown): readonly string[] {
  if (accepted === undefined) return [];
  if (!isMembers(accepted)) return ['acceptedSurvivors: must be an object'];
  return Object.entries(accepted).flatMap(([change, why]) =>
    isText(why) ? [] : [`acceptedSurvivors["${change}"]: must say why no test can notice it`],
  );
}

/** Names that are missing, and names that are of nothing. */
function differences(given: readonly string[], known: readonly string[], at: string, what: string): readonly string[] {
  return [
    ...known.filter((name) => !given.includes(name)).map((name) => `${at}: has nothing for the ${what} ${name}`),
    ...given.filter((name) => !known.includes(name)).map((name) => `${at}.${name}: is no ${what} of the table`),
  ];
}

function unknownNames(names: unknown, known: readonly string[], at: string): readonly string[] {
  if (names === undefined) return [];
  if (!Array.isArray(names)) return [`${at}: must be a list`];
  return names
    .filter((name: unknown) => !isText(name) || !known.includes(name))
    .map((name: unknown) => `${at}: ${String(name)} is not known; there are ${known.join(', ') || 'none'}`);
}

function unknownKeys(members: Members, known: readonly string[], at: string): readonly string[] {
  return Object.keys(members)
    .filter((key) => !known.includes(key))
    .map((key) => `${at}: ${key} is not known; there are ${known.join(', ')}`);
}

function actionsIn(policy: AnyPolicy, typeName: string): readonly string[] {
  const type = typeOf(policy, typeName);
  return type === undefined ? [] : actionsOf(type);
}

function typeOf(policy: AnyPolicy, name: unknown): RecordType | undefined {
  return isText(name) && Object.hasOwn(policy.records, name) ? policy.records[name] : undefined;
}

function typeNameOf(record: unknown): string {
  return isMembers(record) && isText(record['type']) ? record['type'] : '';
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
