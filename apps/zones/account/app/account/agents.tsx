'use client';

import { ClientsWithAccess } from './connected/clients-with-access.tsx';

/** The programs that act for the user by themselves, beside the devices that are signed in. */
export function Agents() {
  return (
    <ClientsWithAccess
      kind="agent"
      id="agents"
      title="Agents"
      lead="Programs that act for you by themselves. Each ends with the sign-in that it works in."
    />
  );
}
