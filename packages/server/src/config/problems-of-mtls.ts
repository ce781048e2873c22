import type { Config } from './config-schema.ts';
import type { ConfigurationProblem } from './configuration-error.ts';

/** What would keep machines out, or would be believed and do nothing. */
export function problemsOfMtls({ mtls, tls, publicUrl, hosts, routes, oauthProvider }: Config): ConfigurationProblem[] {
  if (mtls === undefined) return [];
  const opens = routes.some(({ credentials }) => credentials.includes('mtls'));
  const machineHost = mtls.publicUrl === undefined ? undefined : new URL(mtls.publicUrl).host;
  const isOfBrowsers = machineHost !== undefined && [new URL(publicUrl).host, ...hosts].includes(machineHost);
  return [
    ...(mtls.cert === undefined && tls === undefined && mtls.behindProxy === undefined
      ? [{ key: 'mtls.cert', problem: 'is missing: give cert and key, or tls, or behindProxy where a proxy has them' }]
      : []),
    ...(opens || oauthProvider !== undefined
      ? []
      : [{ key: 'mtls', problem: 'opens nothing: no route has credentials: ["mtls"], and there is no oauthProvider' }]),
    ...(isOfBrowsers
      ? [{ key: 'mtls.publicUrl', problem: 'is the host of browsers; machines need a name or port of their own' }]
      : []),
  ];
}
