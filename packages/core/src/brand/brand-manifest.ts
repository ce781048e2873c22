import type { Brand } from './brand.ts';

/**
 * The web app manifest of a brand: its name, colours and icons, for browsers that put a page on a home screen. It stays a page
 * of the browser: whether it may be installed is for the application to say.
 *
 * @see {@link https://www.w3.org/TR/appmanifest/ Web Application Manifest}
 */
export function toBrandManifest({ name, icon, touchIcon, colors: { light } }: Brand): string {
  const icons = [
    ...(icon === undefined ? [] : [{ src: icon.path, type: icon.mediaType, sizes: 'any' }]),
    ...(touchIcon === undefined || touchIcon === icon
      ? []
      : [{ src: touchIcon.path, type: touchIcon.mediaType, sizes: '180x180' }]),
  ];
  return JSON.stringify({
    name,
    start_url: '/',
    display: 'browser',
    background_color: light.background,
    theme_color: light.background,
    icons,
  });
}
