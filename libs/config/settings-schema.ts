import { z } from 'zod';
import { ACCOUNTS, PASSWORDS, RATE_LIMITS } from './topics/accounts';
import { HTTP, AVATARS } from './topics/http';
import { JOBS_AND_AUDIT_EVENTS, LOGS_METRICS_AND_TRACES } from './topics/operation';
import { PROCESS } from './topics/process';
import { POSTGRES, REDIS } from './topics/stores';
import { TOKENS_AND_SESSIONS } from './topics/tokens-and-sessions';

declare module 'zod' {
  /** The declaration of a setting, in addition to its type and its default. */
  interface GlobalMeta {
    /** Name of the environment variable. */
    env: string;
    /** One or more sentences for operators. Plain text, with code in backticks. */
    description: string;
    /** Values as operators write them, where there is no default. */
    examples?: string[];
    /** The effect of leaving the setting unset, if it is more than one default value. */
    unset?: string;
    /** Whether the value is a secret: `<env>_FILE` may name a file that holds it. */
    secret?: boolean;
  }
}

/**
 * All settings. Each is declared once, in `topics`: field of `Settings`, type, default (`prefault`: as operators write
 * it), and description. `npm run settings` generates `.env.example`, docs/settings.md and the settings of the Helm chart
 * from them. Messages name the problem and never repeat the value, which may be a secret.
 */
export const SETTINGS_BY_TOPIC = {
  Process: PROCESS,
  Postgres: POSTGRES,
  Redis: REDIS,
  'Tokens and sessions': TOKENS_AND_SESSIONS,
  Accounts: ACCOUNTS,
  Passwords: PASSWORDS,
  'Rate limits': RATE_LIMITS,
  HTTP: HTTP,
  Avatars: AVATARS,
  'Jobs and audit events': JOBS_AND_AUDIT_EVENTS,
  'Logs, metrics and traces': LOGS_METRICS_AND_TRACES,
};

export const settingsSchema = z.object({
  ...PROCESS,
  ...POSTGRES,
  ...REDIS,
  ...TOKENS_AND_SESSIONS,
  ...ACCOUNTS,
  ...PASSWORDS,
  ...RATE_LIMITS,
  ...HTTP,
  ...AVATARS,
  ...JOBS_AND_AUDIT_EVENTS,
  ...LOGS_METRICS_AND_TRACES,
});

/** The declared settings, by field. Durations in seconds. */
export type DeclaredSettings = z.output<typeof settingsSchema>;
