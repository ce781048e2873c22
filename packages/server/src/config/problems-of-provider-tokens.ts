import { nearestWord } from '@sallyport/core';
import { providersWithKeptTokens } from '@sallyport/identity';
import type { Config } from './config-schema.ts';
import type { ConfigurationProblem } from './configuration-error.ts';

/** A provider whose tokens are not kept would be believed to be there; tokens that no service may have are kept for nothing. */
export function problemsOfProviderTokens({ routes, signInProviders }: Config): ConfigurationProblem[] {
  const kept = providersWithKeptTokens(signInProviders);
  const listed = new Set(routes.flatMap(({ providerTokens = [] }) => providerTokens));
  return [
    ...routes.flatMap(({ providerTokens = [] }, index) =>
      providerTokens
        .filter((provider) => !kept.includes(provider))
        .map((provider) => ({
          key: `routes.${index}.providerTokens`,
          problem: `names ${provider}, of which no tokens are kept: add keepTokens to it in signInProviders${suggestion(provider, kept)}`,
        })),
    ),
    ...kept
      .filter((provider) => !listed.has(provider))
      .map((provider) => ({
        key: `signInProviders.${keyOf(provider, signInProviders)}.keepTokens`,
        problem: `keeps tokens for no service: list ${provider} in providerTokens of a route, or remove it`,
      })),
  ];
}

function keyOf(provider: string, settings: Config['signInProviders']): string {
  return settings !== undefined && Object.hasOwn(settings.oidc, provider) ? `oidc.${provider}` : provider;
}

function suggestion(name: string, kept: readonly string[]): string {
  const nearest = nearestWord(name, kept);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}
