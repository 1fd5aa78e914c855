/** The version of this program; `package.json` has the same, which a test checks. */
export const VERSION = "0.1.0";
