import { iconUrl } from '../icon-url.ts';

/** For what asks for an icon without having read a page, such as the error pages of the gateway. */
export function GET(): Response {
  return new Response(null, { status: 307, headers: { location: iconUrl, 'cache-control': 'public, max-age=86400' } });
}
