import type { MetadataRoute } from 'next';

/** Public pages may be indexed; those of accounts, forms and services are no pages to find. */
export default function robots(): MetadataRoute.Robots {
  return { rules: { userAgent: '*', allow: '/', disallow: ['/account', '/api/', '/auth/', '/behind-the-door'] } };
}
