/**
 * Arguments for a Node that runs the build: it loads its dependencies from a bundle. Empty where a run has made none, as
 * on another Node.
 */
export function quickStart(): string[] {
  const loader = process.env.LATCHKEY_TEST_LOADER;
  return loader ? ['--require', loader] : [];
}
