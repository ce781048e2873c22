import type { FieldError } from '@sallyport/core';
import { SallyportHttpException } from './sallyport-http-exception.ts';

/** An issue of a Standard Schema. Zod adds `keys` where fields were not expected. */
export interface ValidationIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  readonly keys?: readonly string[] | undefined;
}

/** What is read of a `ValidationError` of class-validator: never its value. */
export interface PropertyValidationError {
  /** Absent where the body as a whole is refused. */
  readonly property?: string | undefined;
  readonly constraints?: Readonly<Record<string, string>> | undefined;
  readonly children?: readonly PropertyValidationError[] | undefined;
}

/** A caller decides how many fields are wrong and how deep they lie, so the answer is bounded. */
const maximumErrors = 20;
const maximumNameLength = 64;
const maximumMessageLength = 200;
const maximumDepth = 10;

const unknownField = 'This field is not known here';

/**
 * Turns the issues of a Standard Schema, or the errors of class-validator, into `SP_VALIDATION_FAILED` (422), which names
 * each field and never repeats a value.
 *
 * @example
 * new StandardSchemaValidationPipe({ exceptionFactory: toValidationError });
 * @example
 * new ValidationPipe({ whitelist: true, exceptionFactory: toValidationError });
 */
export function toValidationError(
  problems: readonly (ValidationIssue | PropertyValidationError)[],
): SallyportHttpException {
  const errors = problems.flatMap((problem) => ('message' in problem ? ofIssue(problem) : ofProperty(problem, [])));
  return new SallyportHttpException('SP_VALIDATION_FAILED', { errors: errors.slice(0, maximumErrors) });
}

function ofIssue({ message, path = [], keys }: ValidationIssue): readonly FieldError[] {
  const parts = path.map((part) => String(typeof part === 'object' ? part.key : part));
  if (keys === undefined) return [{ field: toFieldName(parts), message: toMessage(message) }];
  return keys.map((key) => ({ field: toFieldName([...parts, key]), message: unknownField }));
}

function ofProperty(error: PropertyValidationError, above: readonly string[]): readonly FieldError[] {
  const { property, constraints = {}, children = [] } = error;
  const path = property === undefined ? above : [...above, property];
  const field = toFieldName(path);
  const own = Object.entries(constraints).map(([constraint, message]): FieldError => {
    return {
      field,
      message: constraint === 'whitelistValidation' ? unknownField : toPropertyMessage(message, property),
    };
  });
  if (path.length >= maximumDepth) return own;
  return [...own, ...children.flatMap((child) => ofProperty(child, path))];
}

/** The messages of class-validator begin with the property, which `field` says already; those of a team do not. */
function toPropertyMessage(message: string, property: string | undefined): string {
  const isRepeated = property !== undefined && property !== '' && message.startsWith(`${property} `);
  return toMessage(isRepeated ? message.slice(property.length + 1) : message);
}

function toFieldName(path: readonly string[]): string {
  return path.join('.').slice(0, maximumNameLength);
}

function toMessage(text: string): string {
  return text.slice(0, maximumMessageLength);
}
