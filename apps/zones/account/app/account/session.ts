/** A session of this person, as the gateway lists it. `sid` is a handle: it ends a session and opens none. */
export interface Session {
  readonly sid: string;
  readonly current: boolean;
  readonly label: string;
  readonly browser: string;
  readonly system: string;
  readonly address: string;
  readonly createdAt: string;
  readonly lastActiveAt: string;
  readonly acr: string;
  readonly amr: readonly string[];
}

/** What a session is called on the page. */
export function nameOf({ browser, system, label }: Session): string {
  const named = [browser, system].filter((part) => part !== '').join(' on ');
  return named === '' ? label : named;
}
