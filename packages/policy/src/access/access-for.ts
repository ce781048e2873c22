import { noValues } from '../conditions/rule-condition.ts';
import { isStorable } from '../conditions/storable-text.ts';
import type { AnyPolicy } from '../definition/policy.ts';
import { createAccess, type Access } from './access.ts';
import {
  compilePolicy,
  reasonForNoPart,
  type CompiledPolicy,
  type CompiledType,
  type RuleSubject,
} from './compiled-policy.ts';
import { explain } from './explain.ts';
import { createRecentMap, type RecentMap } from './recent-map.ts';
import { createTypeAbility, type TypeAbility } from './type-ability.ts';

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

/**
 * Callers whose object can change are few: guards hand out frozen principals, which need no key. More that is remembered is more
 * that the collector moves.
 */
const maxCachedCallers = 64;
/** Rules in all remembered abilities: hundreds of a few rules each, by the permissions that these name, or some of a hundred. */
const maxCachedRules = 3_000;

interface PolicyState {
  readonly compiled: CompiledPolicy;
  readonly byPrincipal: WeakMap<object, Access<AnyPolicy>>;
  readonly byContent: RecentMap<Access<AnyPolicy>>;
  readonly abilities: RecentMap<TypeAbility>;
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
  const state: PolicyState = {
    compiled: compilePolicy(policy),
    byPrincipal: new WeakMap(),
    byContent: createRecentMap(maxCachedCallers, () => 1),
    abilities: createRecentMap(maxCachedRules, ({ rules }) => rules.length + 1),
  };
  states.set(policy, state);
  return state;
}

function fromContent(state: PolicyState, caller: PolicyCaller): Access<AnyPolicy> {
  const subject = toSubject(caller);
  const { kind, id, org, roles, orgRoles, permissions } = subject;
  const key = JSON.stringify([kind, id, org, roles, orgRoles, [...permissions]]);
  const access = state.byContent.getOrMake(key, () => createAccessOf(state, subject));
  // An object that can change may be another caller at the next request.
  if (isFrozen(caller)) state.byPrincipal.set(caller, access);
  return access;
}

function isFrozen(caller: PolicyCaller): boolean {
  if (!Object.isFrozen(caller)) return false;
  if (caller.kind === 'anonymous') return true;
  const { permissions, roles, orgRoles } = caller;
  return [permissions, roles, orgRoles].every((list) => list === undefined || Object.isFrozen(list));
}

/** What rules can see. A value that no database could hold is missing, so that no filter matches more than the check. */
function toSubject(caller: PolicyCaller): RuleSubject {
  if (caller.kind !== 'user' && caller.kind !== 'service')
    return { ...noValues, isSignedIn: false, permissions: new Set() };
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

function createAccessOf({ compiled, abilities }: PolicyState, subject: RuleSubject): Access<AnyPolicy> {
  const typeOf = (name: string): CompiledType => {
    const type = compiled.get(name);
    if (type === undefined) throw new TypeError(`type ${name} is not compiled`); // createAccess asks for declared types alone.
    return type;
  };
  return createAccess({
    types: [...compiled.keys()],
    values: subject,
    abilityOf: (name) => {
      const type = typeOf(name);
      const held = type.permissions.filter((permission) => subject.permissions.has(permission));
      // Neither a type nor a permission has a space in it.
      return abilities.getOrMake(`${name} ${subject.isSignedIn} ${held.join(' ')}`, () =>
        createTypeAbility(
          type,
          type.prepared.filter(({ rule }) => reasonForNoPart(rule, subject) === undefined),
        ),
      );
    },
    explain: (ability, question) => explain(typeOf(question.type), ability, subject, question),
  });
}
