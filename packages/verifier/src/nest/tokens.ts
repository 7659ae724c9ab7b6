/** Injects the `Verifier`: `@Inject(LATCHKEY_VERIFIER)`. */
export const LATCHKEY_VERIFIER = Symbol.for('@latchkey/verifier verifier');
