/* What the documentation says of rules, written a second time and as plainly as can be: no compilation, no CASL. */

export type Row = Readonly<Record<string, unknown>>;
export type Written = Readonly<Record<string, unknown>>;

export interface ReferenceRule {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly to?: string;
  readonly unless?: string;
  readonly when?: Written;
  readonly after?: Written;
  readonly fields?: readonly string[];
}

export interface ReferenceCaller {
  readonly kind: 'anonymous' | 'user' | 'service';
  readonly id?: string;
  readonly org?: string;
  readonly roles: readonly string[];
  readonly orgRoles: readonly string[];
  readonly permissions: readonly string[];
}

/** True, false, or null for what cannot be told. */
type Answer = boolean | null;

/** Says whether a caller may do something: a denial that may apply wins, and a rule that allows must apply for certain. */
export function isAllowed(
  rules: readonly ReferenceRule[],
  caller: ReferenceCaller,
  action: string,
  record: Row,
  field?: string,
): boolean {
  const about = rules.filter(
    (rule) =>
      (rule.allow ?? rule.deny ?? []).includes(action) &&
      isAbout(rule, caller) &&
      !(rule.deny !== undefined && rule.after !== undefined) &&
      (rule.fields === undefined || (field === undefined ? rule.deny === undefined : rule.fields.includes(field))),
  );
  const isDenied = about.some(({ deny, when = {} }) => deny !== undefined && evaluate(when, record, caller) !== false);
  if (isDenied) return false;
  return about.some(({ allow, when = {} }) => allow !== undefined && evaluate(when, record, caller) === true);
}

/** Says whether a caller may change a record into another, every field of which is declared. */
export function isWriteAllowed(
  rules: readonly ReferenceRule[],
  caller: ReferenceCaller,
  before: Row,
  after: Row,
  changed: readonly string[],
): boolean {
  const about = rules.filter((rule) => (rule.allow ?? rule.deny ?? []).includes('update') && isAbout(rule, caller));
  const denials = about.filter(
    ({ deny, when = {}, after: then = {} }) =>
      deny !== undefined && evaluate(when, before, caller) !== false && evaluate(then, after, caller) !== false,
  );
  const allowances = about.filter(
    ({ allow, when = {}, after: then = when }) =>
      allow !== undefined && evaluate(when, before, caller) === true && evaluate(then, after, caller) === true,
  );
  if (denials.some(({ fields }) => fields === undefined) || allowances.length === 0) return false;
  const names = (field: string) => (rule: ReferenceRule) => rule.fields === undefined || rule.fields.includes(field);
  return changed.every((field) => !denials.some(names(field)) && allowances.some(names(field)));
}

function isAbout({ to = 'everyone', unless }: ReferenceRule, { kind, permissions }: ReferenceCaller): boolean {
  if (unless !== undefined && kind !== 'anonymous' && permissions.includes(unless)) return false;
  if (to === 'everyone') return true;
  return kind !== 'anonymous' && (to === 'signed-in' || permissions.includes(to));
}

function evaluate(condition: Written, record: Row, caller: ReferenceCaller): Answer {
  return all(
    Object.entries(condition).map(([name, value]) => {
      if (name === 'and') return all((value as Written[]).map((part) => evaluate(part, record, caller)));
      if (name === 'or') return any((value as Written[]).map((part) => evaluate(part, record, caller)));
      if (name === 'subject')
        return all(
          Object.entries(value as Written).map(([field, tests]) =>
            evaluateTests(tests as Written, (caller as unknown as Row)[field], true, caller),
          ),
        );
      return evaluateTests(value as Written, record[name], false, caller);
    }),
  );
}

function evaluateTests(tests: Written, found: unknown, isOfCaller: boolean, caller: ReferenceCaller): Answer {
  return all(
    Object.entries(tests).map(([operator, operand]) => {
      const isThere = found !== undefined && found !== null;
      if (operator === 'exists') return isThere === operand;
      if (isOfCaller && !isThere) return null;
      const wanted = toValue(operand, caller);
      if (wanted === undefined) return null;
      const elements: readonly unknown[] = Array.isArray(found) ? found : [found];
      if (operator === 'in') return elements.some((element) => (wanted as readonly unknown[]).includes(element));
      return elements.includes(wanted) === (operator === 'eq');
    }),
  );
}

function toValue(operand: unknown, caller: ReferenceCaller): unknown {
  if (typeof operand !== 'object' || operand === null || Array.isArray(operand)) return operand;
  return (caller as unknown as Row)[(operand as { readonly subject: string }).subject];
}

function all(answers: readonly Answer[]): Answer {
  if (answers.includes(false)) return false;
  return answers.includes(null) ? null : true;
}

function any(answers: readonly Answer[]): Answer {
  if (answers.includes(true)) return true;
  return answers.includes(null) ? null : false;
}
