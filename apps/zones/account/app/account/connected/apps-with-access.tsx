'use client';

import { ClientsWithAccess } from './clients-with-access.tsx';

/** The apps of others that the user let in: what each may do, and the way to take that back. */
export function AppsWithAccess() {
  return (
    <ClientsWithAccess
      kind="application"
      id="apps"
      title="Apps with access"
      lead="Apps of others that you let into your account. They lose access when you sign out, and on another device when you end it there."
      none="No app has access to your account."
    />
  );
}
