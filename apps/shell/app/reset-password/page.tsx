import type { Metadata } from 'next';
import { AuthScreen } from '../auth-screen.tsx';
import { ResetPassword } from './reset-password.tsx';

export const metadata: Metadata = { title: 'Choose a new password', referrer: 'no-referrer' };

export default function ResetPasswordPage() {
  return (
    <AuthScreen
      title="Choose a new password"
      lead="It signs you out everywhere, so that no other browser stays signed in."
    >
      <ResetPassword />
    </AuthScreen>
  );
}
