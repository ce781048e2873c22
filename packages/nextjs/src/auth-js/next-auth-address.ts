/**
 * What next-auth takes for the address of the application. It reads it from the environment itself, and from nowhere else:
 * without it, it would believe the `Host` of a request.
 */
export function nextAuthAddress(): string | undefined {
  return process.env['NEXTAUTH_URL'];
}
