/** One line of Prometheus text. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const SAMPLE = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/i;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** One answer of `/metrics`. */
export class Scrape {
  /** Of every metric that was declared, with or without samples: its type. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];

  constructor(readonly text: string) {
    const lines = text.split('\n').filter((line) => line !== '');
    this.types = new Map(
      lines
        .filter((line) => line.startsWith('# TYPE '))
        .map((line) => line.split(' ').slice(2) as [string, string]),
    );
    this.samples = lines.filter((line) => !line.startsWith('#')).map(toSample);
  }

  static async of(origin: string): Promise<Scrape> {
    const response = await fetch(`${origin}/metrics`);
    if (response.status !== 200) {
      throw new Error(`/metrics answered ${response.status}`);
    }
    return new Scrape(await response.text());
  }

  /** The samples of a name that have at least these labels. */
  find(name: string, labels: Record<string, string> = {}): Sample[] {
    return this.samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** Their sum; NaN where there is none. */
  sum(name: string, labels: Record<string, string> = {}): number {
    const found = this.find(name, labels);
    return found.length === 0 ? NaN : found.reduce((sum, { value }) => sum + value, 0);
  }
}

function toSample(line: string): Sample {
  const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (name === '') {
    throw new Error(`not a line of Prometheus text: ${line}`);
  }
  return {
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(LABEL)].map(([, key, text]) => [key ?? '', text ?? '']),
    ),
    value: value === '+Inf' ? Infinity : Number(value),
  };
}
