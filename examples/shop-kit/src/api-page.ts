import { applySallyportSwagger } from '@sallyport/nestjs';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What the API page of a service says, and where it is behind the gateway. */
export interface ApiPage {
  readonly title: string;
  readonly description: string;
  readonly publicPath: string;
}

/**
 * Serves the API page (Swagger UI) at `/docs` and its document at `/docs-json`. The assets are loaded relatively, and
 * requests are tried out where the page came from: on the port of the service, or under its path behind the gateway.
 */
export function serveApiPage(app: NestExpressApplication, { title, description, publicPath }: ApiPage): void {
  const config = new DocumentBuilder().setTitle(title).setDescription(description).setVersion('1').build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, applySallyportSwagger(app, config)), {
    customSiteTitle: `${title} · API`,
    patchDocumentOnRequest: (request, _response, document) =>
      withServer(document, isBehindGateway(request) ? publicPath : '/'),
  });
}

/** The gateway builds the `X-Forwarded-` headers of every request that it forwards. */
function isBehindGateway(request: unknown): boolean {
  // Express hands over its own request.
  return (request as RequestWithHeaders).headers['x-forwarded-host'] !== undefined;
}

function withServer(document: OpenAPIObject, url: string): OpenAPIObject {
  return { ...document, servers: [{ url }] };
}
