const ENTITY_TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;

/** RFC 9110 section 8.8.3. */
export interface EntityTag {
  weak: boolean;
  /** With its quotes. */
  tag: string;
}

/** The entity tags of `If-Match` or `If-None-Match`. Malformed tags are omitted. */
export function entityTagsIn(header: string): EntityTag[] {
  return [...header.matchAll(ENTITY_TAG)].map(([, weak, opaque]) => ({
    weak: weak !== undefined,
    tag: `"${opaque ?? ''}"`,
  }));
}

/** Whether `If-None-Match` has the tag. Weak comparison (RFC 9110 section 13.1.2). */
export function isKnown(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) {
    return false;
  }
  return ifNoneMatch.trim() === '*' || entityTagsIn(ifNoneMatch).some((known) => known.tag === tag);
}
