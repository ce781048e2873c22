import type { Brand, Logger } from '@sallyport/core';
import type { Identity } from '@sallyport/identity';
import { createPages, type DemoAccount, type Pages } from '@sallyport/pages';
import type { Config } from './config/config-schema.ts';

/** What the built-in pages are composed of. */
export interface PagesComposition {
  readonly config: Config;
  /** What people see of the product, as it is now. */
  readonly brand: () => Brand;
  readonly identity: Identity;
  /** Where people read mail that is not sent. */
  readonly mailboxUrl: string | undefined;
  /** Accounts that a button enters; a preset alone has them. */
  readonly demoAccounts?: readonly DemoAccount[] | undefined;
  readonly logger: Logger;
}

/** Builds the built-in pages as the configuration says, and anew for another brand. Their forms call identity in this process. */
export function openPages(composition: PagesComposition): Pages {
  const { config, brand, identity, mailboxUrl, demoAccounts = [], logger } = composition;
  const build = (shown: Brand): Pages =>
    createPages({
      publicUrl: config.publicUrl,
      brand: shown,
      identity: (request, context) => identity.app.fetch(request, { context }),
      overrides: config.pages,
      minPasswordLength: config.passwords.minLength,
      mailboxUrl,
      demoAccountsEnteredWithoutPassword: demoAccounts,
      logger,
    });
  let shown = brand();
  let built = build(shown);
  const current = (): Pages => {
    if (shown !== brand()) {
      shown = brand();
      built = build(shown);
    }
    return built;
  };
  return {
    table: built.table,
    serves: (path) => current().serves(path),
    show: (page, request) => current().show(page, request),
    fetch: (request, context) => current().fetch(request, context),
    serveAsset: (request, response) => current().serveAsset(request, response),
  };
}
