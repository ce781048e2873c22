import { SallyportError, type InProcessIdentity } from '@sallyport/core';
import { toHttpException } from '../errors/sallyport-http-exception.ts';

/** What handlers call. The others are for this module, the guard, and the end of the process. */
const calledByHandlers: ReadonlySet<PropertyKey> = new Set<keyof InProcessIdentity>([
  'signUp',
  'signIn',
  'completeSignIn',
  'refresh',
  'signOut',
  'startSession',
  'endSession',
  'createUser',
  'findUserById',
  'findUserByEmail',
  'listUsers',
  'setRoles',
  'setBanned',
]);

/**
 * Identity whose refusals are exceptions of Nest: a handler lets them pass, and a catch-all filter of the application, which
 * knows `HttpException` alone, would answer 500 for a wrong password.
 */
export function rejectWithHttpExceptions(identity: InProcessIdentity): InProcessIdentity {
  return new Proxy(identity, {
    get(target, name): unknown {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function' || !calledByHandlers.has(name)) return member;
      return async (...values: readonly unknown[]): Promise<unknown> => {
        try {
          return (await Reflect.apply(member, target, values)) as unknown;
        } catch (error) {
          throw error instanceof SallyportError ? toHttpException(error) : error;
        }
      };
    },
  });
}
