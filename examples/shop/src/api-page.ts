import { applySallyportSwagger } from '@sallyport/nestjs';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/**
 * Serves the API page (Swagger UI) at `/docs` and its document at `/docs-json`. The assets are loaded relatively, so
 * that the page works on the port of the shop and under its path behind the door.
 */
export function serveApiPage(app: NestExpressApplication, publicPath: string): void {
  const config = new DocumentBuilder()
    .setTitle('Shop')
    .setDescription('The products of the demo shop. Who may do what is decided by the token that the door attaches.')
    .setVersion('1')
    .addServer(publicPath, 'Behind the door: your session is enough')
    .addServer('/', 'The shop itself: authorize with a token')
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, applySallyportSwagger(app, config)), {
    customSiteTitle: 'Shop · API',
  });
}
