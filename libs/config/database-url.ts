import { z } from 'zod';
import { parsePostgresUrl, PostgresUrlError } from '#libs/common';

/** The URL of Postgres. All its parts are validated; the text is kept unchanged. */
export function databaseUrl() {
  return z
    .string('is required: it must be a URL that starts with postgres:// or postgresql://')
    .transform((text, context) => {
      try {
        parsePostgresUrl(text);
        return text;
      } catch (error) {
        if (!(error instanceof PostgresUrlError)) {
          throw error;
        }
        context.addIssue(error.problem);
        return z.NEVER;
      }
    });
}
