import type { FeaturesAnswer } from '@sallyport/core/browser';

let asked: Promise<ReadonlySet<string> | undefined> | undefined;

/**
 * Says whether this deployment has a feature, by the name of its section in `sallyport.config.ts`, such as `apiKeys` or
 * `organizations`: pages that ask for what is off would be answered 404. Asked once for each page that is loaded.
 *
 * Where it cannot be found out, the answer is yes: the routes of the feature say then what is wrong.
 *
 * @example
 * if (await isFeatureOffered('apiKeys')) showKeys(await (await authFetch('/auth/api-keys')).json());
 */
export async function isFeatureOffered(name: string): Promise<boolean> {
  asked ??= readFeatures();
  const features = await asked;
  if (features !== undefined) return features.has(name);
  asked = undefined;
  return true;
}

async function readFeatures(): Promise<ReadonlySet<string> | undefined> {
  try {
    const answer = await fetch('/auth/features', { headers: { accept: 'application/json' }, credentials: 'omit' });
    if (!answer.ok) return undefined;
    const { features } = (await answer.json()) as FeaturesAnswer; // Identity checks it against this type.
    return Array.isArray(features) ? new Set(features) : undefined;
  } catch {
    return undefined;
  }
}
