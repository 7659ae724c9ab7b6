/** The version of package.json, which is not beside a built process. */
export const VERSION = '0.1.0';
