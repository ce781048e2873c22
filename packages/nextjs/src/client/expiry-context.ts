'use client';

import { createContext } from 'react';
import type { ExpiryWatch } from './expiry-watch.ts';

/** `undefined` outside a provider. */
export const ExpiryContext = createContext<ExpiryWatch | undefined>(undefined);
