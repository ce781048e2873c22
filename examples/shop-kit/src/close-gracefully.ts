import type { NestExpressApplication } from '@nestjs/platform-express';

/** How long a request may still take once the service was told to stop. */
const graceMilliseconds = 700;

/** Takes no new request, lets the running ones finish, then cuts what is left: a browser would hold its connection open. */
export async function closeGracefully(app: NestExpressApplication): Promise<void> {
  const cut = setTimeout(() => app.getHttpServer().closeAllConnections(), graceMilliseconds);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
