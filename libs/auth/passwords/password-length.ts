/** In Unicode code points. The edge that takes a password checks both. */
export const MIN_PASSWORD_LENGTH = 8;
export const MAX_PASSWORD_LENGTH = 128;
