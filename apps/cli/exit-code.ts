/** The exit codes. Stable: scripts branch on them. */
export const EXIT_CODE = { done: 0, failed: 1, usage: 2, notFound: 3 } as const;

export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];
