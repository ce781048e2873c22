import { ProblemError } from '@sallyport/nextjs/client';

/** Why a form was refused, ready to be shown. */
export interface SubmissionProblem {
  readonly code?: string;
  readonly title: string;
  readonly hint?: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly retryAfterSeconds?: number;
  /** Present when the fault is ours, so that people can quote it. */
  readonly requestId?: string;
}

/** What is left of a problem once a field was corrected; nothing where it was the last one. */
export function withoutField(problem: SubmissionProblem, field: string): SubmissionProblem | undefined {
  if (problem.fields[field] === undefined) return problem;
  const left = Object.entries(problem.fields).filter(([name]) => name !== field);
  return left.length === 0 ? undefined : { ...problem, fields: Object.fromEntries(left) };
}

/** Reads any failure of a call. What is not a problem of ours means that the call did not arrive. */
export function toSubmissionProblem(error: unknown): SubmissionProblem {
  if (!(error instanceof ProblemError)) {
    return { title: 'We couldn’t reach the server', hint: 'Check your connection, then try again.', fields: {} };
  }
  const { code, title, hint, status, errors, requestId, retryAfterSeconds } = error;
  return {
    ...(code === undefined ? {} : { code }),
    title,
    // The catalog speaks to developers of "errors"; on the page they stand beside their fields.
    ...(errors.length > 0 ? { hint: 'Look at the fields marked below.' } : hint === undefined ? {} : { hint }),
    fields: Object.fromEntries(errors.map(({ field, message }) => [field, message])),
    // An outage says when to ask again too, but for machines: people are told what happened instead.
    ...(status !== 429 || retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(status < 500 || requestId === undefined ? {} : { requestId }),
  };
}
