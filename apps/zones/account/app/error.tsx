'use client';

export { FailurePage as default } from '@sallyport/app-ui/failure-page';
