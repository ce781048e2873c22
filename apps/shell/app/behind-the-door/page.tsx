import { PageHeading } from '@sallyport/ui/page-heading';
import { requireAuth } from '@sallyport/nextjs/server';
import type { Metadata } from 'next';
import { BehindTheDoor } from './behind-the-door.tsx';

export const metadata: Metadata = { title: 'Behind the door' };

interface BehindTheDoorPageProps {
  readonly searchParams: Promise<{ readonly request?: string | readonly string[] }>;
}

export default async function BehindTheDoorPage({ searchParams }: BehindTheDoorPageProps) {
  await requireAuth();
  const { request } = await searchParams;
  return (
    <div className="page-width space-y-10 py-10 lg:py-14">
      <PageHeading title="Behind the door">
        The last requests of this session, as they went through. Open another page in a second tab and watch it arrive.
      </PageHeading>
      <BehindTheDoor linkedId={typeof request === 'string' && request !== '' ? request : undefined} />
    </div>
  );
}
