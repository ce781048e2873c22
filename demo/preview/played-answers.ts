import { SallyportError, toProblem, type ErrorCode, type FieldError } from '@sallyport/core';

/** Identity says this. */
export const says = (body: object) => (): Response => Response.json(body);

/** Identity refuses with this code. */
export function refuses(
  code: ErrorCode,
  options: { readonly errors?: readonly FieldError[]; readonly wait?: number } = {},
) {
  const { errors, wait } = options;
  return (): Response => {
    const error = new SallyportError(code, {
      reason: 'preview',
      ...(errors === undefined ? {} : { errors }),
      ...(wait === undefined ? {} : { retryAfterSeconds: wait }),
    });
    const problem = toProblem(error, { requestId: '4f1c0a7e5b3d4e2f9a8b7c6d5e4f3a2b', documentationOrigin: '' });
    return Response.json(problem.body, { status: problem.status, headers: problem.headers });
  };
}
