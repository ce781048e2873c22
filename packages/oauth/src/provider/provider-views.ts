/** A page of the provider that the request itself is answered with. */
export type ProviderView =
  | { readonly kind: 'error'; readonly error: string; readonly description: string; readonly status: number }
  | {
      readonly kind: 'sign-out';
      readonly action: string;
      /** What says that the form comes from this page. */
      readonly xsrf: string;
      readonly client: string | undefined;
    }
  /** Leads on to another site: no redirect, which browsers would hold to the rules for forms of the page before. */
  | { readonly kind: 'continue'; readonly to: string; readonly client: string };
