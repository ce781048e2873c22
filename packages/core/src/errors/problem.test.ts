import { describe, expect, it } from 'vitest';
import { errorCatalog, type ErrorCode } from './error-catalog.ts';
import { toProblem } from './problem.ts';
import { SallyportError } from './sallyport-error.ts';

const context = { requestId: 'r-1', documentationOrigin: 'https://app.test' };

describe('an error body', () => {
  it('never carries the message or the cause of an unknown error', () => {
    const problem = toProblem(new Error('password is hunter2', { cause: 'canary' }), context);
    expect(problem.status).toBe(500);
    expect(JSON.stringify(problem)).not.toMatch(/hunter2|canary/);
  });

  it('never carries the reason or the cause of a known error', () => {
    const problem = toProblem(new SallyportError('SP_FORBIDDEN', { reason: 'canary-1', cause: 'canary-2' }), context);
    expect(JSON.stringify(problem)).not.toMatch(/canary/);
  });

  it.each([undefined, null, 'text', 7, { code: 'SP_FORBIDDEN', status: 403 }])(
    'treats a thrown %j as our own fault',
    (thrown) => {
      expect(toProblem(thrown, context).body.code).toBe('SP_INTERNAL');
    },
  );

  it('has exactly the documented members', () => {
    expect(toProblem(new SallyportError('SP_NOT_FOUND'), context).body).toEqual({
      type: 'https://app.test/errors/SP_NOT_FOUND',
      title: 'Not found',
      status: 404,
      code: 'SP_NOT_FOUND',
      hint: 'Check the address.',
      requestId: 'r-1',
    });
  });

  it('says of the case what was written for the caller', () => {
    const detail = 'Products that are on sale cannot be deleted.';
    expect(toProblem(new SallyportError('SP_POLICY_DENIED', { detail }), context).body.detail).toBe(detail);
  });

  it('names the fields that were refused', () => {
    const errors = [{ field: 'name', message: 'is missing' }];
    expect(toProblem(new SallyportError('SP_VALIDATION_FAILED', { errors }), context).body.errors).toEqual(errors);
  });
});

describe('the headers of an error', () => {
  const codes = Object.keys(errorCatalog) as ErrorCode[];

  it.each(codes)('of %s forbid storing, and challenge exactly when the status is 401', (code) => {
    const { status, headers } = toProblem(new SallyportError(code), context);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['content-type']).toBe('application/problem+json');
    expect('www-authenticate' in headers).toBe(status === 401);
    expect('retry-after' in headers).toBe(status === 503);
  });

  it('name the methods that are allowed', () => {
    expect(
      toProblem(new SallyportError('SP_METHOD_NOT_ALLOWED', { allow: ['GET', 'HEAD'] }), context).headers['allow'],
    ).toBe('GET, HEAD');
  });
});
