import { defineOperation, type Operation } from '@sallyport/core';
import * as z from 'zod';
import type { RequireAcceptablePassword } from '../../accounts/chosen-passwords.ts';

const text = z.string().max(1000);

/** Whether the rules accept a password that an operator is about to set. Rejects with `SP_VALIDATION_FAILED`, or resolves to nothing. */
export function createPasswordOperation(requireAcceptablePassword: RequireAcceptablePassword): Operation {
  return defineOperation({
    name: 'passwords/check',
    input: z.strictObject({
      field: text,
      password: text,
      owner: z.strictObject({ name: text, email: text }),
    }),
    run: async ({ field, password, owner }) => {
      requireAcceptablePassword(field, password, owner);
      return null;
    },
  });
}
