'use client';

import { createContext } from 'react';
import type { PageDrafts } from './page-drafts.ts';

/** `undefined` outside a provider. */
export const DraftContext = createContext<PageDrafts | undefined>(undefined);
