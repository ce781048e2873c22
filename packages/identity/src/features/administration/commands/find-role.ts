import { exitCodes, nearestWord, SallyportError, UsageError } from '@sallyport/core';
import type { EditedRole } from '../../../accounts/role-editor.ts';

/** @throws UsageError when there is no such role, with the one that was probably meant. */
export function requireRole(roles: readonly EditedRole[], name: string): EditedRole {
  const role = roles.find((one) => one.name === name);
  if (role !== undefined) return role;
  const nearest = nearestWord(
    name,
    roles.map((one) => one.name),
  );
  const hint = nearest === undefined ? '"sallyport roles show" lists all.' : `Did you mean ${nearest}?`;
  throw new UsageError(`There is no role of this name. ${hint}`, exitCodes.refused);
}

/** Edits a role, and says what to do where that is refused. */
export async function refuseRoleEdit<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const advice = error instanceof SallyportError ? adviceFor(error) : undefined;
    if (advice === undefined) throw error;
    throw new UsageError(advice, exitCodes.refused);
  }
}

function adviceFor({ code, errors = [] }: SallyportError): string | undefined {
  if (code === 'SP_CONFLICT')
    return 'The role changed meanwhile, and nothing was stored. "sallyport roles show" says what it permits now, and its version.';
  if (code === 'SP_LAST_MANAGER')
    return 'No account would hold "user:manage" any more. Give it to another one first: "sallyport users create-admin" or "sallyport users set-roles".';
  if (code === 'SP_ROLES_FROM_FILE')
    return 'The roles are those of the configuration (policy.source: "file"). Change them there, and start or reload the gateway.';
  if (code !== 'SP_VALIDATION_FAILED') return undefined;
  const problems = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  return `Nothing was stored: ${problems}. The policy in sallyport.config.ts names the permissions that there are.`;
}
