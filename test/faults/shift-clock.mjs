/*
 * Preloaded into a process: its clock is wrong by CLOCK_SHIFT_MILLISECONDS. SIGUSR2 puts it right, or wrong again, while
 * the process runs, as a time server does that corrects a machine.
 */

const shift = Number(process.env.CLOCK_SHIFT_MILLISECONDS ?? 0);
const RealDate = Date;
let isWrong = process.env.CLOCK_SHIFT_LATER === undefined;

const now = () => RealDate.now() + (isWrong ? shift : 0);

globalThis.Date = class extends RealDate {
  constructor(...values) {
    if (values.length === 0) super(now());
    else super(...values);
  }

  static now() {
    return now();
  }
};

process.on('SIGUSR2', () => {
  isWrong = !isWrong;
});
