import type { ProfileRequest } from '../load/profile-load';

/**
 * The faults in a history of one profile, a sentence each: a read that began after a change was
 * answered showed an older version; two answers gave one version different contents; two changes got
 * the same version; a conditional change met another version than it named.
 */
export function wrongVersions(requests: readonly ProfileRequest[]): string[] {
  const answered = requests.filter(
    (request): request is ProfileRequest & { version: number } => request.version !== null,
  );
  const changes = answered.filter(({ op, status }) => op === 'change' && status === 200);
  const reads = answered.filter(({ op }) => op === 'read');
  return [
    ...reads.flatMap((read) => {
      const newest = Math.max(
        ...changes.filter(({ endMs }) => endMs < read.startMs).map(({ version }) => version),
      );
      return newest > read.version
        ? [`${tell(read)} though version ${newest} had been answered before`]
        : [];
    }),
    ...changes
      .filter(({ onlyVersion, version }) => onlyVersion !== null && version !== onlyVersion + 1)
      .map((change) => `${tell(change)} though it was for ${String(change.onlyVersion)} only`),
    ...duplicates(changes),
    ...contradictions(answered.filter(({ status }) => status === 200)),
  ];
}

function duplicates(changes: readonly ProfileRequest[]): string[] {
  const seen = new Set<number | null>();
  return changes.flatMap((change) => {
    const isKnown = seen.has(change.version);
    seen.add(change.version);
    return isKnown ? [`${tell(change)} as another change had done`] : [];
  });
}

function contradictions(requests: readonly ProfileRequest[]): string[] {
  const bios = new Map<number | null, string | null>();
  return requests.flatMap((request) => {
    const { version, bio } = request;
    const known = bios.has(version) ? bios.get(version)! : bio;
    bios.set(version, known);
    return known === bio ? [] : [`${tell(request)} with a content that is not the version's`];
  });
}

function tell({ op, instance, startMs, endMs, version, status }: ProfileRequest): string {
  const when = `${startMs.toFixed(1)} to ${endMs.toFixed(1)} ms`;
  return `${op} on ${instance} from ${when}: ${status} with version ${String(version)}`;
}
