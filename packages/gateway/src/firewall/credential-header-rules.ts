import { OptionsError } from '@sallyport/core';
import { foldHeaderName } from './fold-header-name.ts';
import { ruleOfHeader, type HeaderRule } from './header-rules.ts';

/**
 * Adds headers that hold credentials to the rules. What a server could take for one of them is dropped.
 *
 * @throws OptionsError for a name that means something else to the gateway.
 */
export function createRuleOf(credentialHeaders: readonly string[]): (name: string) => HeaderRule {
  if (credentialHeaders.length === 0) return ruleOfHeader;
  for (const name of credentialHeaders) requireCredentialHeader(name);
  const exact = new Set(credentialHeaders);
  const folded = new Set(credentialHeaders.map(foldHeaderName));
  return (name) => {
    if (exact.has(name.toLowerCase())) return 'credential';
    return folded.has(foldHeaderName(name)) ? 'drop' : ruleOfHeader(name);
  };
}

function requireCredentialHeader(name: string): void {
  const rule = ruleOfHeader(name);
  if (/^[a-z0-9-]+$/.test(name) && (rule === 'forward' || rule === 'drop')) return;
  throw new OptionsError(`the header "${name}" of an authenticator has another meaning, or is not in lower case`);
}
