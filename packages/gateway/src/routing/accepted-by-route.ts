import type { CredentialKind, Route } from '@sallyport/core';

/** The methods that a route serves; `undefined` for any. What is delivered is sent with POST, where nothing else is said. */
export function methodsOfRoute({ methods, webhook }: Route): readonly string[] | undefined {
  return methods ?? (webhook === undefined ? undefined : ['POST']);
}

/** What its callers may present. The caller of a webhook is its sender, which signs the body: nothing else counts. */
export function credentialsOfRoute({ credentials, webhook }: Route): readonly CredentialKind[] {
  return webhook === undefined ? credentials : ['webhook'];
}

/** Whether answers may stay open without a time limit: event streams, which MCP servers answer with. */
export function staysOpen({ streaming, mcp }: Pick<Route, 'streaming' | 'mcp'>): boolean {
  return streaming || mcp !== undefined;
}
