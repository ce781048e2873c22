import type { Metadata } from 'next';
import { demoMode } from '../demo-mode.ts';
import { SignUp } from './sign-up.tsx';

export const metadata: Metadata = { title: 'Create an account' };

export default function SignUpPage() {
  return <SignUp mailboxUrl={demoMode()?.mailboxUrl} />;
}
