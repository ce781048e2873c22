import { isStorable } from '../conditions/storable-text.ts';
import type { AnyPolicy } from '../definition/policy.ts';
import { createAccess, type Access } from './access.ts';
import {
  compilePolicy,
  resolveType,
  type CompiledPolicy,
  type CompiledType,
  type RuleSubject,
} from './compiled-policy.ts';
import { explain } from './explain.ts';

/** A caller, as far as rules can see: every principal of Sallyport is one. */
export type PolicyCaller =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user' | 'service';
      readonly id: string;
      readonly permissions: readonly string[];
      readonly roles: readonly string[];
      /** The active organization. */
      readonly org?: string | undefined;
      /** Roles inside it. */
      readonly orgRoles?: readonly string[] | undefined;
    };

/** Enough for the callers of some minutes; the oldest goes first. */
const maxCachedCallers = 1_000;

interface PolicyState {
  readonly compiled: CompiledPolicy;
  readonly byContent: Map<string, Access<AnyPolicy>>;
  readonly byPrincipal: WeakMap<object, Access<AnyPolicy>>;
}

const states = new WeakMap<AnyPolicy, PolicyState>();

/**
 * Gives what a caller may do by a policy. It is remembered for callers who are the same in everything that rules can see, so that a
 * permission or a role that changes is another access at the next call.
 *
 * @throws OptionsError when the policy was not made by {@link definePolicy} or {@link parsePolicy} and cannot be used.
 * @example
 * const access = accessFor(policy, principal);
 * const { text, parameters } = access.filter('read', 'Order').toSql({ dialect: 'postgres' });
 * const orders = await database.query(`SELECT * FROM "order" WHERE ${text}`, parameters);
 */
export function accessFor<P extends AnyPolicy>(policy: P, caller: PolicyCaller): Access<P> {
  const state = states.get(policy) ?? remember(policy);
  const known = state.byPrincipal.get(caller) ?? fromContent(state, caller);
  return known as unknown as Access<P>; // The names of P are those of its policy.
}

function remember(policy: AnyPolicy): PolicyState {
  const state = { compiled: compilePolicy(policy), byContent: new Map(), byPrincipal: new WeakMap() };
  states.set(policy, state);
  return state;
}

function fromContent({ compiled, byContent, byPrincipal }: PolicyState, caller: PolicyCaller): Access<AnyPolicy> {
  const subject = toSubject(caller);
  const key = JSON.stringify([
    subject.kind,
    subject.id,
    subject.org,
    subject.roles,
    subject.orgRoles,
    [...subject.permissions],
  ]);
  const access = byContent.get(key) ?? build(compiled, subject);
  byContent.delete(key);
  byContent.set(key, access);
  for (const oldest of byContent.keys()) {
    if (byContent.size <= maxCachedCallers) break;
    byContent.delete(oldest);
  }
  // An object that can change may be another caller at the next request.
  if (isFrozen(caller)) byPrincipal.set(caller, access);
  return access;
}

function isFrozen(caller: PolicyCaller): boolean {
  if (!Object.isFrozen(caller)) return false;
  if (caller.kind === 'anonymous') return true;
  return [caller.permissions, caller.roles, caller.orgRoles ?? []].every(
    (list) => list.length === 0 || Object.isFrozen(list),
  );
}

/** What rules can see. A value that no database could hold is missing, so that no filter matches more than the check. */
function toSubject(caller: PolicyCaller): RuleSubject {
  if (caller.kind !== 'user' && caller.kind !== 'service')
    return {
      kind: 'anonymous',
      id: undefined,
      org: undefined,
      roles: [],
      orgRoles: [],
      isSignedIn: false,
      permissions: new Set(),
    };
  const { kind, id, org, roles, orgRoles = [], permissions } = caller;
  return {
    kind,
    id: toValue(id),
    org: toValue(org),
    roles: roles.filter(isStorable),
    orgRoles: orgRoles.filter(isStorable),
    isSignedIn: true,
    permissions: new Set(permissions),
  };
}

function toValue(value: string | undefined): string | undefined {
  return typeof value === 'string' && value !== '' && isStorable(value) ? value : undefined;
}

function build(compiled: CompiledPolicy, subject: RuleSubject): Access<AnyPolicy> {
  const typeOf = (name: string): CompiledType => {
    const type = compiled.get(name);
    if (type === undefined) throw new TypeError(`type ${name} is not compiled`); // createAccess asks for declared types alone.
    return type;
  };
  return createAccess({
    types: [...compiled.keys()],
    resolve: (name) => resolveType(typeOf(name), subject),
    explain: (ability, question) => explain(typeOf(question.type), ability, subject, question),
  });
}
