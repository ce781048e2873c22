import type { IncomingMessage, ServerResponse } from 'node:http';
import { SallyportError } from '@sallyport/nestjs';

/** Refuses a body of another media type, which the body parser would silently pass over. */
export function requireJsonBody(request: IncomingMessage, _response: ServerResponse, next: () => void): void {
  const { headers } = request;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (hasBody && !/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new SallyportError('SP_MEDIA_TYPE_UNSUPPORTED');
  }
  next();
}
