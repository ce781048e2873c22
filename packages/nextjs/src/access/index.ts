'use client';

export type { PackedAccess } from '@sallyport/policy';
export { AccessProvider, type AccessProviderProps } from './access-provider.tsx';
export { Can, type CanProps } from './can.tsx';
export type { AppPolicy, KnownPolicy, PolicyAction, PolicyField, PolicyRecord, PolicyType } from './known-policy.ts';
export { useCan, useCanAny } from './use-can.ts';
