import { brand } from '@sallyport/nextjs/server';
import { iconUrl } from '../icon-url.ts';

/** For what asks for an icon without having read a page. */
export async function GET(): Promise<Response> {
  const location = (await brand()).icon ?? iconUrl;
  return new Response(null, { status: 307, headers: { location, 'cache-control': 'public, max-age=3600' } });
}
