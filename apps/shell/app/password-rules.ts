/** The shortest password that identity accepts (NIST SP 800-63B-4, section 3.1.1.2). Only a hint: identity decides. */
export const minimumPasswordLength = 15;
