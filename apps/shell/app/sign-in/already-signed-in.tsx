import { buttonClass } from '@sallyport/ui/button';
import { SignOutButton } from '@sallyport/ui/sign-out-button';
import { AuthScreen } from '../auth-screen.tsx';

/** Instead of the form, for a user who is signed in. */
export function AlreadySignedIn({ name = 'another user' }: { readonly name?: string | undefined }) {
  return (
    <AuthScreen title="You are signed in" lead={`In this browser, as ${name}.`}>
      <div className="flex flex-wrap gap-3">
        <a href="/" className={buttonClass({ tone: 'primary', size: 'large' })}>
          Continue
        </a>
        <SignOutButton size="large" />
      </div>
    </AuthScreen>
  );
}
