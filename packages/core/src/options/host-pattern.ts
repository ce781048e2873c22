import * as z from 'zod';

const hostSyntax = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?)(?::\d{1,5})?$/;
const patternSyntax = /^\*\.[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/;

/** Whether a text, in lower case, is a host with an optional port. */
export function isHost(lowered: string): boolean {
  return hostSyntax.test(lowered);
}

/** Whether a text can stand in a list of hosts: a host with an optional port, or `*.` and a host. */
function isHostPattern(text: string): boolean {
  const lowered = text.toLowerCase();
  return isHost(lowered) || patternSyntax.test(lowered);
}

/** A host in the configuration, in every place where the gateway compares one. */
export const hostPatternSchema = z
  .string()
  .refine(
    isHostPattern,
    'must be a host such as "app.example.com" (with port, if not the default one), or "*." and one',
  );
