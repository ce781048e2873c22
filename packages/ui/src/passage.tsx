export interface PassageProps {
  /** Whether the outer door is open; the inner one never is at the same time. @default true */
  readonly isOpen?: boolean;
  readonly className?: string;
}

/** The picture of a sally port: the outer leaves stand open, the inner door is shut, and the space between them is empty. */
export function Passage({ isOpen = true, className }: PassageProps) {
  return (
    <svg viewBox="0 0 400 560" preserveAspectRatio="xMidYMax meet" aria-hidden="true" className={className}>
      <path d={arch(0)} fill="oklch(0.275 0.038 190)" />
      <path d={arch(36)} fill="oklch(0.325 0.048 187)" />
      {isOpen ? <OpenOuterDoor /> : <ShutOuterDoor />}
    </svg>
  );
}

function OpenOuterDoor() {
  return (
    <>
      <path d={arch(76)} fill="oklch(0.19 0.028 194)" />
      <path d={arch(104)} fill="oklch(0.225 0.034 192)" />
      <path d={arch(130)} fill="oklch(0.165 0.024 196)" />
      <path d={arch(142)} fill="oklch(0.81 0.128 82)" />
      <path d="M200 326V560" stroke="oklch(0.5 0.1 76)" strokeWidth="2.5" />
      <circle cx="190" cy="470" r="3.5" fill="oklch(0.42 0.09 72)" />
      <circle cx="210" cy="470" r="3.5" fill="oklch(0.42 0.09 72)" />
      <path d="M86 560V277c-2-58-18-98-38-118V600Z" fill="oklch(0.53 0.088 180)" />
      <path d="M314 560V277c2-58 18-98 38-118V600Z" fill="oklch(0.46 0.078 182)" />
    </>
  );
}

function ShutOuterDoor() {
  return (
    <>
      <path d={arch(76)} fill="oklch(0.5 0.084 181)" />
      <path d="M200 162a114 114 0 0 1 114 114V560H200Z" fill="oklch(0.46 0.078 182)" />
      <path d="M200 162V560" stroke="oklch(0.25 0.04 190)" strokeWidth="3" />
      <circle cx="184" cy="440" r="6" fill="oklch(0.81 0.128 82)" />
      <circle cx="216" cy="440" r="6" fill="oklch(0.81 0.128 82)" />
    </>
  );
}

/** An arch whose sides stand this far inside the frame. */
function arch(inset: number): string {
  const left = 10 + inset;
  const right = 390 - inset;
  const radius = (right - left) / 2;
  const spring = 48 + inset * 1.5 + radius;
  return `M${left} 560V${spring}a${radius} ${radius} 0 0 1 ${radius * 2} 0V560Z`;
}
