/** Secrets and addresses that only the gateway process may see. */
const gatewayOnly = /^(?:SMTP_|SMS_|DATABASE_|REDIS_|MONGODB_|SALLYPORT_)/;

type Variables = Readonly<Record<string, string | undefined>>;

/** What a process inherits from the environment of the launcher: services and zones get no secret of the gateway. */
export function inheritedEnvironment(name: string, variables: Variables): Record<string, string | undefined> {
  if (name === 'gateway') return { ...variables };
  return Object.fromEntries(Object.entries(variables).filter(([key]) => !gatewayOnly.test(key)));
}
