/** What this shell is told by its environment. */
export interface ShellEnvironment {
  readonly shellUrl: string;
  readonly issuer: string;
  readonly gatewayUrl: string | undefined;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The newest first. */
  readonly secrets: readonly string[];
  readonly storage: string;
  readonly databaseUrl: string | undefined;
  readonly forward: readonly string[];
}

const usualForward = '/account,/products,/behind-the-door,/api/shop,/_zones';

/** Reads it. Whether it is complete and sound is said by `createAuthJsShell`, all problems at once. */
export function shellEnvironment(environment: NodeJS.ProcessEnv = process.env): ShellEnvironment {
  const text = (name: string): string => environment[name] ?? '';
  return {
    shellUrl: text('NEXTAUTH_URL'),
    issuer: text('SALLYPORT_ISSUER'),
    gatewayUrl: environment['SALLYPORT_GATEWAY_URL'],
    clientId: text('SHELL_CLIENT_ID'),
    clientSecret: text('SHELL_CLIENT_SECRET'),
    secrets: listOf(text('NEXTAUTH_SECRET')),
    storage: environment['SHELL_STORAGE'] ?? 'vault',
    databaseUrl: environment['SHELL_DATABASE_URL'],
    forward: listOf(environment['SHELL_FORWARD'] ?? usualForward),
  };
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
