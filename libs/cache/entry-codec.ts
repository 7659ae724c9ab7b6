import type { AllowedFields, CacheDefinition, Versioned } from './cache-definition';

type Member = readonly [name: string, fields: readonly PropertyKey[] | 'whole'];

/** Encodes the content of entries, and decodes entries, which are `epoch:version:content`. */
export class EntryCodec<Entry extends Versioned> {
  readonly format: string;
  private readonly members: readonly Member[];

  constructor({ format, allowed }: Pick<CacheDefinition<Entry>, 'format' | 'allowed'>) {
    this.format = format;
    this.members = Object.entries<Member[1]>(allowed satisfies AllowedFields<Entry>);
  }

  /** The values of the allowed fields, in order, without their names. */
  encode(entry: Entry): string {
    const values = this.members.flatMap(([name, fields]) => {
      const value: unknown = entry[name as keyof Entry];
      return fields === 'whole' ? [value] : valuesOf(value as Record<PropertyKey, unknown>, fields);
    });
    return this.format + JSON.stringify(values);
  }

  /** @returns a frozen entry; null for a missing entry, a fence, a lease, another epoch and another format. */
  decode(text: string | null, epoch: string): Entry | null {
    if (text === null || !isOfEpoch(text, epoch)) {
      return null;
    }
    const colon = text.indexOf(':', epoch.length + 1);
    if (text[colon + 1] !== this.format) {
      return null;
    }
    const values = JSON.parse(text.slice(colon + 2)) as unknown[];
    const entry: Record<string, unknown> = { version: Number(text.slice(epoch.length + 1, colon)) };
    for (const [name, fields] of this.members) {
      entry[name] = Object.freeze(
        fields === 'whole'
          ? values.shift()
          : Object.fromEntries(fields.map((field) => [field, values.shift()])),
      );
    }
    return Object.freeze(entry) as unknown as Entry;
  }
}

/** Whether the entry was written in the epoch; other entries are void. */
export function isOfEpoch(text: string, epoch: string): boolean {
  return text.startsWith(`${epoch}:`);
}

function valuesOf(value: Record<PropertyKey, unknown>, fields: readonly PropertyKey[]): unknown[] {
  return fields.map((field) => value[field]);
}
