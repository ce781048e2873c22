import 'server-only';
import { accessFor, type AnyPolicy, type PackedAccess } from '@sallyport/policy';
import { callerOf, type Auth } from './auth.ts';

/**
 * Picks what the browser may know of a policy: plain data for `<AccessProvider access>`.
 *
 * These are the rules that are about this caller, with their values filled in, their reason codes and their texts for
 * users. Rules about others, texts for administrators, roles, permissions, and the fields of types that the caller can
 * do nothing with stay on the server.
 */
export function clientAccess(policy: AnyPolicy, caller: Auth): PackedAccess {
  const packed = accessFor(policy, callerOf(caller)).pack();
  const types = Object.entries(packed.types).map(([name, type]) => {
    const isOwn = type.rules.some(({ effect }) => effect === 'allow');
    return [name, isOwn ? type : { ...type, fields: {}, rules: [] }] as const;
  });
  return { ...packed, types: Object.fromEntries(types) };
}
