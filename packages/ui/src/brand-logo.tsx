import type { BrandDocument } from '@sallyport/nextjs/server';

/** The logo of the product, or its name where there is none. The link around it says what it is called. */
export function BrandLogo({ brand: { name, logo, logoDark } }: { readonly brand: BrandDocument }) {
  if (logo === null) return <span className="text-[1.0625rem] font-semibold tracking-[-0.02em]">{name}</span>;
  if (logoDark === null || logoDark === logo) return <Logo path={logo} />;
  return (
    <>
      <Logo path={logo} className="in-light" />
      <Logo path={logoDark} className="in-dark" />
    </>
  );
}

function Logo({ path, className = '' }: { readonly path: string; readonly className?: string }) {
  // oxlint-disable-next-line nextjs/no-img-element -- an immutable file of the gateway, in the size in which it is shown
  return <img src={path} alt="" className={`h-8 w-auto max-w-48 object-contain object-left ${className}`} />;
}
