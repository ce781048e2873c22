import { nearestWord } from '@sallyport/core/browser';

/** One thing that is wrong with a policy. */
export interface PolicyProblem {
  /** Where it is in the definition: `['rules', 3, 'when', 'status']`. */
  readonly path: readonly (string | number)[];
  /** A sentence that names the rule, the value and what to write instead. */
  readonly message: string;
}

/** Where a check is in the definition, and where it reports what is wrong. */
export interface Place {
  readonly path: readonly (string | number)[];
  /** How messages call the place: `rules[3] (owner-is-fixed)`. */
  readonly label: string;
  report(message: string): void;
  /** A member of the place. Messages go on to name the rule, and the member after it. */
  at(...members: readonly (string | number)[]): Place;
}

/** Makes a place that adds to a list. */
export function createPlace(
  problems: PolicyProblem[],
  path: readonly (string | number)[] = [],
  label: string = toText(path),
): Place {
  return {
    path,
    label,
    report: (message) => problems.push({ path, message: label === '' ? message : `${label}: ${message}` }),
    at: (...members) => {
      const inside = [...path, ...members];
      const isInRule = path[0] === 'rules' && path.length >= 2;
      const rest = toText(members);
      return createPlace(
        problems,
        inside,
        isInRule ? `${label}${rest.startsWith('[') ? '' : ' '}${rest}` : toText(inside),
      );
    },
  };
}

/** A place under another label, for a rule that has a reason. */
export function relabel(problems: PolicyProblem[], place: Place, label: string): Place {
  return createPlace(problems, place.path, label);
}

/** Reports members that the place does not have. */
export function refuseUnknownMembers(place: Place, value: object, known: readonly string[]): void {
  for (const name of Object.keys(value).filter((name) => !known.includes(name)))
    place.report(`"${name}" is not known here${orMeant(name, known)}`);
}

/** The end of a message about a name that is not known. */
export function orMeant(name: unknown, known: readonly string[]): string {
  const nearest = typeof name === 'string' ? nearestWord(name, known) : undefined;
  if (nearest !== undefined) return `: did you mean "${nearest}"?`;
  if (known.length === 0) return ': none is declared';
  return `: write ${known.length > 1 ? 'one of ' : ''}${known.join(', ')}`;
}

/** How a message shows a value, without what it may hold. */
export function show(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (typeof value === 'string') return `"${value}"`;
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}

function toText(path: readonly (string | number)[]): string {
  return path
    .map((member, index) => (typeof member === 'number' ? `[${member}]` : `${index === 0 ? '' : '.'}${member}`))
    .join('');
}
