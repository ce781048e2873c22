import { SallyportError, type FieldError } from '@sallyport/core';

/** An issue of a Standard Schema. Zod adds `keys` where fields were not expected. */
export interface ValidationIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  readonly keys?: readonly string[] | undefined;
}

/** A caller decides how many fields are wrong, so the answer is bounded. */
const maximumErrors = 20;
const maximumNameLength = 64;
const maximumMessageLength = 200;

/**
 * Turns the issues of a schema into `SP_VALIDATION_FAILED`, which names each field and never repeats a value.
 *
 * @example
 * `new StandardSchemaValidationPipe({ exceptionFactory: toValidationError })`
 */
export function toValidationError(issues: readonly ValidationIssue[]): SallyportError {
  return new SallyportError('SP_VALIDATION_FAILED', { errors: issues.flatMap(toFieldErrors).slice(0, maximumErrors) });
}

/** Turns texts such as `name: is too long`, as the pipes of Nest write them, into `SP_VALIDATION_FAILED`. */
export function toValidationErrorFromTexts(texts: readonly string[]): SallyportError {
  const errors = texts.slice(0, maximumErrors).map((text): FieldError => {
    const [, field, message] = /^([\w.[\]-]{1,64}):? (.+)$/s.exec(text) ?? [];
    return field === undefined || message === undefined
      ? { field: '', message: toMessage(text) }
      : { field, message: toMessage(message) };
  });
  return new SallyportError('SP_VALIDATION_FAILED', { errors });
}

function toFieldErrors(issue: ValidationIssue): readonly FieldError[] {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  if (issue.keys === undefined) return [{ field: toFieldName(path), message: toMessage(issue.message) }];
  return issue.keys.map((key) => ({ field: toFieldName([...path, key]), message: 'This field is not known here' }));
}

function toFieldName(path: readonly string[]): string {
  return path.join('.').slice(0, maximumNameLength);
}

function toMessage(text: string): string {
  return text.slice(0, maximumMessageLength);
}
