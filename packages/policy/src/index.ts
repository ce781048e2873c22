export { definePolicy, isPermission, type Policy } from '@sallyport/core/browser';
