import * as z from 'zod';
import type { FieldError } from '@sallyport/core';
import { roleNamePattern } from '../../accounts/role-name.ts';
import { accountFields } from '../../http/account-fields.ts';
import { problemOfPasswordHash } from '../../hashing/password-hash.ts';

/** An account as another system exported it. */
export interface ImportedUser {
  readonly email: string;
  readonly name: string;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  /** bcrypt or argon2id. Without one the owner chooses a password by mail. */
  readonly passwordHash?: string | undefined;
}

/** What a record of an import turned out to be. */
export type ParsedImport =
  | { readonly kind: 'valid'; readonly user: ImportedUser }
  /** Names the fields and why they are refused; never a value but the address, by which the operator finds the record. */
  | { readonly kind: 'refused'; readonly errors: readonly FieldError[]; readonly email: string | undefined };

const importSchema = z.strictObject({
  email: accountFields.email,
  name: accountFields.name.refine(
    (name) => !name.includes('\u{fffd}'),
    'holds a character that was lost before (U+FFFD)',
  ),
  emailVerified: z.boolean().default(false),
  roles: z.array(z.string().regex(roleNamePattern, 'must be the name of a role')).max(50, 'are too many').optional(),
  passwordHash: z
    .string()
    .superRefine((hash, context) => {
      const problem = problemOfPasswordHash(hash);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .optional(),
});

/** Checks one record of an import, whose roles are those of `defaultRoles` when it names none. */
export function parseUserImport(input: unknown, defaultRoles: readonly string[]): ParsedImport {
  const result = importSchema.safeParse(input);
  if (result.success) {
    const { roles = defaultRoles, ...user } = result.data;
    return { kind: 'valid', user: { ...user, roles: [...new Set(roles)] } };
  }
  const errors = result.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        field: key.slice(0, 64).replace(/[^\x20-\x7e]/g, '?'),
        message: 'is not a known field',
      }));
    const isMissing = issue.code === 'invalid_type' && issue.input === undefined && issue.path.length > 0;
    return [{ field: issue.path.join('.'), message: isMissing ? 'is required' : issue.message }];
  });
  return { kind: 'refused', errors, email: emailOf(input) };
}

/** The address of a record that is refused for something else. */
function emailOf(input: unknown): string | undefined {
  const fields: object = typeof input === 'object' && input !== null ? input : {};
  const parsed = accountFields.email.safeParse('email' in fields ? fields.email : undefined);
  return parsed.success ? parsed.data : undefined;
}
