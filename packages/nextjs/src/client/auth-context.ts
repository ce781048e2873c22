'use client';

import { createContext } from 'react';
import type { ClientAuth } from '../client-auth.ts';

/** `undefined` outside a provider, which is a mistake and not a signed-out visitor. */
export const AuthContext = createContext<ClientAuth | undefined>(undefined);
