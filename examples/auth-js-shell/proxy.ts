import { zoneProxy } from '@sallyport/nextjs/zone';
import type { NextRequest, NextResponse } from 'next/server';
import { shell } from './lib/shell.ts';
import { shellEnvironment } from './lib/shell-environment.ts';

/** A content security policy for each page, and with the cookie storage a token that is good for what is rendered. */
export function proxy(request: NextRequest): Promise<NextResponse> {
  // A form that signs out is led on to the provider, which browsers count as a part of the form.
  const page = zoneProxy({ allow: { 'form-action': [shellEnvironment().issuer] } });
  return shell.renew(request, page);
}

// What is forwarded has the policy of its zone, and its token is renewed there.
export const config = { matcher: ['/', '/signed-out', '/sign-in-failed'] };
