/** What the process takes from its environment. */
export interface Configuration {
  readonly port: number;
  /** Origin that browsers see. */
  readonly publicUrl: string;
  /** The MongoDB of accounts and notes. */
  readonly mongodbUrl: string;
  /** In which identity finds its stores (`DATABASE_URL`, `REDIS_URL`), its mail server and its secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** @throws Error that names what is missing. */
export function readConfiguration(environment: Configuration['environment']): Configuration {
  const { PORT: port = '3000', DATABASE_URL: mongodbUrl } = environment;
  if (mongodbUrl === undefined) throw new Error('DATABASE_URL is not set: give the address of a MongoDB');
  return {
    port: Number(port),
    publicUrl: environment['PUBLIC_URL'] ?? `http://localhost:${port}`,
    mongodbUrl,
    environment,
  };
}
