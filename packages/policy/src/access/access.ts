import type { SubjectValues } from '../conditions/condition-tree.ts';
import { nearestWord, OptionsError } from '@sallyport/core/browser';
import type { ActionOf, AnyPolicy, FieldOf, RecordOf, TypeOf } from '../definition/policy.ts';
import { createAccessFilter, type AccessFilter } from './access-filter.ts';
import { decideWrite, type WriteDecision } from './check-write.ts';
import { decide, type Decision, type Question } from './decision.ts';
import type { Explanation } from './explanation.ts';
import { packType, type PackedAccess } from './packed-form.ts';
import type { TypeAbility } from './type-ability.ts';

/**
 * What one caller may do with records. Every call throws an OptionsError for a type, an action or a field that the policy does
 * not declare, where the compiler was told otherwise.
 */
export interface Access<P extends AnyPolicy> {
  /**
   * Whether the caller may do something with one record, or with one field of it. Without a field, rules that deny some fields
   * do not count: {@link Access.fields} and {@link Access.mask} tell which are left. `false` where the record is null.
   */
  can<T extends TypeOf<P>>(action: ActionOf<P, T>, type: T, record: RecordOf<P, T>, field?: FieldOf<P, T>): boolean;
  /**
   * Whether there may be a record with which the caller may do something: to show a menu, or to refuse before a record is
   * loaded. It is not the answer for any record.
   */
  canAny<T extends TypeOf<P>>(action: ActionOf<P, T>, type: T, field?: FieldOf<P, T>): boolean;
  /** As {@link Access.can}, with the rule that decided. */
  check<T extends TypeOf<P>>(action: ActionOf<P, T>, type: T, record: RecordOf<P, T>, field?: FieldOf<P, T>): Decision;
  /** The declared fields with which the caller may do something, in the order of their declaration. */
  fields<T extends TypeOf<P>>(action: ActionOf<P, T>, type: T, record: RecordOf<P, T>): readonly FieldOf<P, T>[];
  /** A copy of a record with those fields alone. Properties that the policy does not declare are left out. */
  mask<T extends TypeOf<P>, R extends RecordOf<P, T>>(
    action: ActionOf<P, T>,
    type: T,
    record: R,
  ): Partial<Pick<R, keyof R & FieldOf<P, T>>>;
  /** The records for which {@link Access.can} says yes, as a query. */
  filter<T extends TypeOf<P>>(action: ActionOf<P, T>, type: T, field?: FieldOf<P, T>): AccessFilter;
  /**
   * Decides about a write. `when` of a rule is looked at before it, `after` after it, and each changed field must be permitted.
   *
   * @param before the whole record as it is; null where it is created.
   * @param after the whole record as it would be; null where it is deleted.
   */
  checkWrite<T extends TypeOf<P>>(
    action: ActionOf<P, T>,
    type: T,
    before: RecordOf<P, T> | null,
    after: RecordOf<P, T> | null,
  ): WriteDecision;
  /** As {@link Access.check}, with every rule on the action, and what would allow it. For refusals and tools: it takes longer. */
  explain<T extends TypeOf<P>>(
    action: ActionOf<P, T>,
    type: T,
    record: RecordOf<P, T>,
    field?: FieldOf<P, T>,
  ): Explanation;
  /** What the caller may do as JSON, for {@link unpackAccess} in a browser. It holds no rule that is not about the caller. */
  pack(): PackedAccess;
}

/** What is different where an access comes from: rules of a policy, or what was packed. */
export interface AccessSource {
  readonly types: readonly string[];
  /** Of the caller. */
  readonly values: SubjectValues;
  /** The ability for a declared type; asked for once. */
  abilityOf(type: string): TypeAbility;
  explain(ability: TypeAbility, question: Question): Explanation;
}

/** Makes an access. Each type is read at its first use, so that those which are not used cost nothing. */
export function createAccess(source: AccessSource): Access<AnyPolicy> {
  const { values } = source;
  const abilities = new Map<string, TypeAbility>();

  const abilityOf = (action: string, type: string, field?: string): TypeAbility => {
    const ability = abilities.get(type) ?? build(type);
    if (!ability.type.actions.includes(action)) throw unknownName('action', action, ability.type.actions, type);
    if (field !== undefined && !Object.hasOwn(ability.type.fields, field))
      throw unknownName('field', field, Object.keys(ability.type.fields), type);
    return ability;
  };

  const build = (type: string): TypeAbility => {
    if (!source.types.includes(type)) throw unknownName('type', type, source.types);
    const ability = source.abilityOf(type);
    abilities.set(type, ability);
    return ability;
  };

  const permittedFields = (action: string, type: string, record: object): readonly string[] => {
    const ability = abilityOf(action, type);
    return Object.keys(ability.type.fields).filter(
      (field) => ability.decide(values, action, record, field)?.effect === 'allow',
    );
  };

  return {
    can: (action, type, record, field) =>
      abilityOf(action, type, field).decide(values, action, record, field)?.effect === 'allow',
    canAny: (action, type, field) => abilityOf(action, type, field).isConceivable(values, action, field),
    check: (action, type, record, field) =>
      decide(abilityOf(action, type, field), values, { action, type, record, field }),
    fields: permittedFields,
    mask: (action, type, record) => {
      const own = record as Readonly<Record<string, unknown>>; // Any object can be asked for a property.
      const permitted = permittedFields(action, type, record).filter((field) => own[field] !== undefined);
      return Object.fromEntries(permitted.map((field) => [field, own[field]])) as Partial<typeof record>; // Its own members.
    },
    filter: (action, type, field) => {
      const ability = abilityOf(action, type, field);
      return createAccessFilter(ability.condition(values, action, field), ability.type.fields);
    },
    checkWrite: (action, type, before, after) =>
      // Any object can be asked for a property.
      decideWrite(abilityOf(action, type), values, action, before as Row | null, after as Row | null),
    explain: (action, type, record, field) =>
      source.explain(abilityOf(action, type, field), { action, type, record, field }),
    pack: () => ({
      version: 1,
      types: Object.fromEntries(
        source.types.map((name) => {
          const { type, rules } = abilities.get(name) ?? build(name);
          return [name, packType(type, rules, values)];
        }),
      ),
    }),
  };
}

type Row = Readonly<Record<string, unknown>>;

function unknownName(kind: string, name: string, known: readonly string[], type?: string): OptionsError {
  const nearest = nearestWord(name, known);
  const place = type === undefined ? 'in the policy' : `for ${type}`;
  return new OptionsError(
    `${kind} "${name}" is not declared ${place}${nearest === undefined ? `: ${known.join(', ')}` : `: did you mean "${nearest}"?`}`,
  );
}
