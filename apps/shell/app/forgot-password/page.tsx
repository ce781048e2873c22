import type { Metadata } from 'next';
import { demoMode } from '../demo-mode.ts';
import { ForgotPassword } from './forgot-password.tsx';

export const metadata: Metadata = { title: 'Forgot your password?' };

export default function ForgotPasswordPage() {
  return <ForgotPassword mailboxUrl={demoMode()?.mailboxUrl} />;
}
