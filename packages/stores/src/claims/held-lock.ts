/** A lock, while it lasts. */
export interface HeldLock {
  isHeld(): boolean;
  release(): Promise<void>;
}
