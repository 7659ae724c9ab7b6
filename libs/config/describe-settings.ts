import { z } from 'zod';
import { InternalError } from '#libs/common';
import { SETTINGS_BY_TOPIC } from './settings-schema';

/** The description of a setting for operators. */
export interface SettingDescription {
  topic: string;
  /** Name of the environment variable. */
  name: string;
  /** Sentences, with code in backticks. */
  description: string;
  /** As operators write it. Undefined: the setting has no single default value. */
  default: string | undefined;
  /** The effect of leaving the setting unset, if it is more than one default value. */
  unset: string | undefined;
  /** Values as operators write them. */
  examples: readonly string[];
  secret: boolean;
}

/** All settings, in the order of their declaration. */
export function describeSettings(): SettingDescription[] {
  return Object.entries(SETTINGS_BY_TOPIC).flatMap(([topic, declarations]) =>
    Object.entries<z.ZodType>(declarations).map(([field, type]) => {
      const { env, description, examples = [], unset, secret = false } = metaOf(field, type);
      const defaultText = type instanceof z.ZodPrefault ? String(type.def.defaultValue) : undefined;
      return { topic, name: env, description, default: defaultText, unset, examples, secret };
    }),
  );
}

/** The name of the environment variable of a declared setting. */
export function variableOf(field: string, type: z.ZodType): string {
  return metaOf(field, type).env;
}

function metaOf(field: string, type: z.ZodType): z.GlobalMeta {
  const meta = type.meta();
  if (meta === undefined) {
    throw new InternalError(`the setting ${field} is declared without a name`);
  }
  return meta;
}
