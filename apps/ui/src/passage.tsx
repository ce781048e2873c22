/** Arches one behind the other, with the inner door lit at the end: the picture of a sally port. */
export function Passage({ className }: { readonly className?: string }) {
  return (
    <svg viewBox="0 0 400 560" preserveAspectRatio="xMidYMax slice" aria-hidden="true" className={className}>
      {arches.map(({ inset, fill }) => (
        <path key={inset} d={arch(inset)} className={fill} />
      ))}
      <path d={arch(148)} className="fill-inner-solid" opacity="0.16" />
      <path d={leaf} fill="oklch(0.81 0.128 82)" />
      <path d="M172 560V346" stroke="oklch(0.235 0.032 192)" strokeWidth="2" />
    </svg>
  );
}

const arches = [
  { inset: 0, fill: 'fill-[oklch(0.29_0.04_190)]' },
  { inset: 34, fill: 'fill-[oklch(0.34_0.05_186)]' },
  { inset: 70, fill: 'fill-[oklch(0.4_0.06_182)]' },
  { inset: 108, fill: 'fill-[oklch(0.2_0.03_194)]' },
];

const leaf = 'M152 560V398a48 48 0 0 1 48-48v210Z';

function arch(inset: number): string {
  const left = 10 + inset;
  const right = 390 - inset;
  const radius = (right - left) / 2;
  const spring = 60 + inset * 1.35 + radius;
  return `M${left} 560V${spring}a${radius} ${radius} 0 0 1 ${radius * 2} 0V560Z`;
}
