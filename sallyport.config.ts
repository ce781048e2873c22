import { createDemo } from './demo/create-demo.ts';

/** What `npm start` and `sallyport` run in this repository. A deployment has a configuration of its own instead. */
export default createDemo();
