'use client';

export { FailurePage as default } from '@sallyport/ui/failure-page';
