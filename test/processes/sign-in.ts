import { request, type IncomingMessage } from 'node:http';

/**
 * Signs in at a gateway, and resolves to the cookie of the session as `name=value`.
 *
 * @param publicUrl where browsers believe the gateway to be; by default where it is
 */
export async function signIn(
  gateway: string,
  { email, password }: { readonly email: string; readonly password: string },
  publicUrl: string = gateway,
): Promise<string> {
  const { host, origin } = new URL(publicUrl);
  const body = JSON.stringify({ email, password });
  // Not `fetch`, which names the host that it connects to.
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(`${gateway}/auth/sign-in/email`, {
      method: 'POST',
      agent: false,
      headers: { host, origin, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    sent.on('response', resolve);
    sent.on('error', reject);
    sent.end(body);
  });
  answer.resume();
  const cookies = (answer.headers['set-cookie'] ?? []).map((line) => line.split(';')[0] ?? '');
  const cookie = cookies.find((pair) => /^(?:__Host-sallyport|sallyport-\d+)=./.test(pair));
  if (answer.statusCode !== 200 || cookie === undefined)
    throw new Error(`the sign-in of ${email} was answered with ${answer.statusCode}`);
  return cookie;
}

/**
 * The same cookie at another gateway of the system, which has a public address of its own in tests: on loopback the names of
 * cookies hold the port.
 */
export function cookieAt(origin: string, cookie: string): string {
  return cookie.replaceAll(/(^|; )sallyport(?:-\d+)?(-[a-z-]+)?=/g, `$1sallyport-${new URL(origin).port}$2=`);
}
