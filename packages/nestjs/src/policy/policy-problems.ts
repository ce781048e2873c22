import { nearestWord } from '@sallyport/core';
import type { AnyPolicy } from '@sallyport/policy';
import type { DiscoveredHandler } from '../access/list-handlers.ts';
import { accessOf, policiesOf } from '../access/resolve-access.ts';
import { memberOf } from '../transports/guarded-transport.ts';
import type { PolicyCheck } from './policy-check.ts';
import { policyUsesOf, type PolicyUse } from './policy-uses.ts';
import { looksAtRecords } from './widening-fields.ts';

/** Where Nest keeps what handlers take and answer with. The same in Nest 11 and 12. */
const marks = {
  parameters: '__routeArguments__',
  passthrough: '__responsePassthrough__',
  events: '__sse__',
  resolver: 'graphql:resolver_type',
  pattern: 'microservices:pattern',
} as const;

/** Parameters by which a handler sends its answer itself: `@Res()`, `@Next()`. */
const answeringParameters = /^[12]:/;

/** Says what of a handler the policy cannot answer: a type or an action that it does not have, a record that is not loaded. */
export function problemsOfPolicyUse(discovered: DiscoveredHandler, policy: AnyPolicy | undefined): readonly string[] {
  const { handler, controller, methodName } = discovered;
  const checks = policiesOf(accessOf(handler, controller));
  const uses = policyUsesOf(handler);
  if (checks.length === 0 && uses.length === 0) return [];
  const name = `${controller.name}.${methodName}`;
  if (policy === undefined) return [`${name} asks a policy, and there is none: give SallyportModule policy`];
  return [
    ...checks.flatMap((check) => problemsOfCheck(check, uses, policy)),
    ...uses.flatMap((use) => problemsOfUse(use, checks, discovered, policy)),
  ].map((problem) => `${name}: ${problem}`);
}

function problemsOfCheck(check: PolicyCheck, uses: readonly PolicyUse[], policy: AnyPolicy): readonly string[] {
  const { action, type, load } = check;
  const words = problemsOfWords('@CheckPolicies', check, policy);
  if (words.length > 0 || load !== undefined) return words;
  const isFiltered = uses.some((use) => use.kind === 'filter' && use.action === action && use.type === type);
  if (isFiltered || !looksAtRecords(policy, action, type)) return [];
  return [
    `@CheckPolicies('${action}', '${type}') has no load, and rules on ${action} look at the record: add load: loadFrom(Provider, …), or @AccessConditions('${action}', '${type}') for a list`,
  ];
}

function problemsOfUse(
  use: PolicyUse,
  checks: readonly PolicyCheck[],
  discovered: DiscoveredHandler,
  policy: AnyPolicy,
): readonly string[] {
  switch (use.kind) {
    case 'filter':
      return problemsOfWords('@AccessConditions', use, policy);
    case 'record':
      return problemsOfRecord(use.type, checks, discovered);
    case 'mask':
      return [...problemsOfWords('@MaskFields', use, policy), ...problemsOfMask(use.path, discovered)];
  }
}

function problemsOfRecord(
  type: string,
  checks: readonly PolicyCheck[],
  { transport }: DiscoveredHandler,
): readonly string[] {
  if (transport !== 'HTTP') return [`@CheckedRecord works over HTTP alone, and this is ${transport}: load it again`];
  const loads = checks.some((check) => check.type === type && check.load !== undefined);
  return loads ? [] : [`@CheckedRecord('${type}') needs a @CheckPolicies of that type with a load`];
}

/** What no interceptor sees would leave as it is. */
function problemsOfMask(path: readonly string[], discovered: DiscoveredHandler): readonly string[] {
  const { handler, controller, methodName } = discovered;
  const isResolver = Reflect.getMetadata(marks.resolver, handler) === 'Subscription';
  return [
    ...(path.some((name) => name.trim() === '') ? ["@MaskFields needs a path without empty names: at: 'items'"] : []),
    ...(isResolver ? ['@MaskFields does not see the events of a subscription: mask the query instead'] : []),
    ...(Reflect.hasMetadata(marks.events, handler) ? ['@MaskFields does not see into server-sent events'] : []),
    ...(writesItsStream(handler)
      ? ['@MaskFields does not see what @GrpcStreamCall writes: answer with an observable (@GrpcStreamMethod)']
      : []),
    ...(sendsItsAnswer(controller, methodName)
      ? ['@MaskFields does not see what is sent by @Res() or @Next(): return the answer, or say passthrough: true']
      : []),
  ];
}

function sendsItsAnswer(controller: object, methodName: string): boolean {
  if (Reflect.getMetadata(marks.passthrough, controller, methodName) === true) return false;
  const parameters: unknown = Reflect.getMetadata(marks.parameters, controller, methodName);
  return Object.keys(parameters ?? {}).some((key) => answeringParameters.test(key));
}

function writesItsStream(handler: object): boolean {
  const patterns: unknown = Reflect.getMetadata(marks.pattern, handler);
  return Array.isArray(patterns) && patterns.some((pattern) => memberOf(pattern, 'streaming') === 'pt_stream');
}

const usualActions = ['create', 'read', 'update', 'delete'];

/** A word that the policy does not have would be denied to every caller, and the handler never reached. */
function problemsOfWords(
  decorator: string,
  { action, type }: { readonly action: string; readonly type: string },
  { records }: AnyPolicy,
): readonly string[] {
  const record = Object.hasOwn(records, type) ? records[type] : undefined;
  if (record === undefined) return [`${decorator} names ${unknownWord('type of record', type, Object.keys(records))}`];
  const actions = [...usualActions, ...(record.actions ?? [])];
  return actions.includes(action) ? [] : [`${decorator} names ${unknownWord(`action of ${type}`, action, actions)}`];
}

function unknownWord(what: string, word: string, known: readonly string[]): string {
  const meant = nearestWord(word, known);
  const advice = meant === undefined ? `it has ${known.join(', ') || 'none'}` : `did you mean "${meant}"?`;
  return `"${word}", which is no ${what} of the policy: ${advice}`;
}
