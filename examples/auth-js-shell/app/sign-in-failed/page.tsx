import { MessagePage } from '@sallyport/ui/message-page';
import { buttonClass } from '@sallyport/ui/button';
import type { Metadata } from 'next';

export const metadata: Metadata = { title: 'The sign-in failed' };

const explanations: Readonly<Record<string, string>> = {
  AccessDenied: 'The provider did not let you in.',
  Configuration: 'This shell is not configured. Its operator finds the reason in the log.',
  OAuthCallback: 'The sign-in took too long, was begun in another tab, or was refused.',
};

export default async function SignInFailedPage({
  searchParams,
}: {
  readonly searchParams: Promise<{ error?: string }>;
}) {
  const { error = '' } = await searchParams;
  const explanation = Object.hasOwn(explanations, error) ? explanations[error] : undefined;
  return (
    <MessagePage status="Not signed in" title="The sign-in failed">
      <p>{explanation ?? 'The provider and this shell did not come to an end.'}</p>
      <p>
        <a href="/auth/sign-in" className={buttonClass({ tone: 'primary' })}>
          Try again
        </a>
      </p>
    </MessagePage>
  );
}
