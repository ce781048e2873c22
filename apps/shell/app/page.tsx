import { auth } from '@sallyport/nextjs/server';
import { demoMode } from './demo-mode.ts';
import { Welcome } from './welcome.tsx';
import { WelcomeBack } from './welcome-back.tsx';

export default async function HomePage() {
  const caller = await auth();
  const demo = demoMode();
  return caller.status === 'signed-in' ? <WelcomeBack person={caller} demo={demo} /> : <Welcome demo={demo} />;
}
