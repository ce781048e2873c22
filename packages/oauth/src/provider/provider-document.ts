import type { KoaContextWithOIDC } from 'oidc-provider';
import { providerRoutes } from './provider-configuration.ts';
import { responseMode } from './response-modes.ts';

/** The listener that takes client certificates. */
export interface MachineEndpoints {
  /** Under which address clients with certificates call it. */
  readonly publicUrl?: string | undefined;
}

/** Endpoints at which a certificate proves who a client is, or binds a token (RFC 8705, section 5). */
const aliased = {
  token_endpoint: providerRoutes.token,
  device_authorization_endpoint: providerRoutes.device_authorization,
  pushed_authorization_request_endpoint: providerRoutes.pushed_authorization_request,
  introspection_endpoint: providerRoutes.introspection,
  revocation_endpoint: providerRoutes.revocation,
  userinfo_endpoint: providerRoutes.userinfo,
} as const;

const certificateMethod = 'tls_client_auth';

/**
 * Says in a document of the provider what there is: one response mode, and what certificates are good for where a listener
 * takes them.
 *
 * @param machines that listener; `undefined` where there is none.
 */
export function publishCapabilities(ctx: KoaContextWithOIDC, machines: MachineEndpoints | undefined): void {
  if (typeof ctx.body !== 'object' || ctx.body === null) return;
  const document = { ...ctx.body, response_modes_supported: [responseMode] };
  ctx.body = machines === undefined ? withoutCertificates(document) : { ...document, ...aliasesAt(machines) };
}

function aliasesAt({ publicUrl }: MachineEndpoints): object {
  if (publicUrl === undefined) return {};
  const { origin } = new URL(publicUrl);
  return {
    mtls_endpoint_aliases: Object.fromEntries(Object.entries(aliased).map(([name, path]) => [name, origin + path])),
  };
}

function withoutCertificates(document: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(document).flatMap(([name, value]) => {
      if (name === 'tls_client_certificate_bound_access_tokens') return [];
      return [[name, Array.isArray(value) ? value.filter((each) => each !== certificateMethod) : value]];
    }),
  );
}
