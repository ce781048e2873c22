import { KeyRound, Mail, MessageSquare, Smartphone, type LucideIcon } from 'lucide-react';
import type { CodeMethod } from '@sallyport/nextjs/client';

/** What people are told of a way to get a code. */
export interface FactorWords {
  readonly icon: LucideIcon;
  readonly name: string;
  readonly about: string;
}

/** The words for each way to get a code. */
export const factorWords: Readonly<Record<CodeMethod, FactorWords>> = {
  totp: {
    icon: Smartphone,
    name: 'Authenticator app',
    about: 'An app on your phone shows a new code every 30 seconds, even without a network.',
  },
  email: {
    icon: Mail,
    name: 'Code by email',
    about: 'Weaker than an app: anyone who can read your email can also choose a new password.',
  },
  sms: {
    icon: MessageSquare,
    name: 'Code by text message',
    about: 'Weaker than an app: a phone number can be taken over.',
  },
  'recovery-code': {
    icon: KeyRound,
    name: 'Recovery code',
    about: 'One of the codes that you saved when you set up two-step verification. Each works once.',
  },
};
