/** As in package.json, which a built process does not have beside it. */
export const VERSION = '0.1.0';
