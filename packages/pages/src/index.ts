export { assetsPath } from './assets/assets.ts';
export type { ServeAsset } from './assets/serve-asset.ts';
export { fingerprintOfLink } from './cookies/link-cookie.ts';
export type { DemoAccount } from './built-in-page.ts';
export { createPages, type Pages, type PagesOptions } from './create-pages.ts';
export { toProviderPage, type ProviderPage } from './pages/provider-pages.ts';
export { pageContracts, type PageContract } from './page-contracts.ts';
export type { Identity } from './identity/call-identity.ts';
