import icon from '@sallyport/ui/icon.svg';

/** Address of the icon: a versioned asset, fetched once, and past the gateway without a session. */
// Next types every imported SVG as `any`; without a loader it is this.
export const iconUrl = (icon as { readonly src: string }).src;
