import { resolveBrand, type Brand, type BrandImage, type BrandSettings } from '@sallyport/core';
import { brandPlace } from '@sallyport/gateway';
import type { Config } from '../config/config-schema.ts';
import { bytesOfDataUrl, toBrandImage } from './brand-image.ts';
import { drawIcon } from './draw-icon.ts';

const pathNames = { logo: 'logo', logoDark: 'logo-dark', icon: 'icon', touchIcon: 'touch-icon' } as const;

/** Makes the brand of a checked configuration: what people see, with its images and the paths under which they are served. */
export function openBrand({ brand: settings, publicUrl }: Pick<Config, 'brand' | 'publicUrl'>): Brand {
  const images = {
    logo: imageOf('logo', settings),
    logoDark: imageOf('logoDark', settings),
    icon: imageOf('icon', settings),
    touchIcon: imageOf('touchIcon', settings),
  };
  const brand = resolveBrand(settings, publicUrl, images);
  if (brand.icon !== undefined) return brand;
  const icon = toBrandImage(brandPlace.prefix, pathNames.icon, Buffer.from(drawIcon(brand), 'utf8'));
  return resolveBrand(settings, publicUrl, { ...images, icon });
}

function imageOf(name: keyof typeof pathNames, settings: BrandSettings): BrandImage | undefined {
  const url = settings[name];
  return url === undefined ? undefined : toBrandImage(brandPlace.prefix, pathNames[name], bytesOfDataUrl(url));
}
