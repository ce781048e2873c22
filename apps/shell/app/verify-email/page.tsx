import type { Metadata } from 'next';
import { AuthScreen } from '../auth-screen.tsx';
import { VerifyEmail } from './verify-email.tsx';

export const metadata: Metadata = { title: 'Verify your address', referrer: 'no-referrer' };

export default function VerifyEmailPage() {
  return (
    <AuthScreen title="Your email address">
      <VerifyEmail />
    </AuthScreen>
  );
}
