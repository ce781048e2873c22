import { brand } from '@sallyport/nextjs/server';
import { iconUrl } from '../icon-url.ts';

/** For devices that ask for it without having read a page. */
export async function GET(): Promise<Response> {
  const { touchIcon } = await brand();
  const location = touchIcon ?? iconUrl;
  return new Response(null, { status: 307, headers: { location, 'cache-control': 'public, max-age=3600' } });
}
