import { brandSchema, resolveBrand, type Logger } from '@sallyport/core';
import type { Identity } from '@sallyport/identity';
import { createPages, type Pages } from '@sallyport/pages';
import type { Config } from './config/config-schema.ts';
import type { Preset } from './preset.ts';

/** What the built-in pages are composed of. */
export interface PagesComposition {
  readonly config: Config;
  readonly identity: Identity;
  readonly preset: Preset | undefined;
  readonly logger: Logger;
}

/** Builds the built-in pages as the configuration says. Their forms call identity in this process. */
export function openPages({ config, identity, preset, logger }: PagesComposition): Pages {
  return createPages({
    publicUrl: config.publicUrl,
    brand: resolveBrand(brandSchema.parse({ name: 'Sallyport' }), config.publicUrl),
    identity: (request, context) => identity.app.fetch(request, { context }),
    minPasswordLength: config.passwords.minLength,
    mailboxUrl: preset?.mailboxUrl?.(),
    logger,
  });
}
