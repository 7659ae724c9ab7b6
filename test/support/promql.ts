/** The metrics and labels of an expression of Prometheus. */
export interface PromqlUse {
  /** Names of metrics, with the labels that they are filtered by. */
  metrics: { name: string; labels: string[] }[];
  /** Labels of groupings and matchings. */
  groupedBy: string[];
}

const SELECTOR = /\b((?:latchkey|nodejs|process)_\w+|up)\b(?:\s*\{([^}]*)\})?/g;
const MATCHER = /(\w+)\s*(?:=~|!~|!=|=)\s*"/g;
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;

/** Enough of PromQL for rules and dashboards that name their metrics in full. */
export function usesOf(expression: string): PromqlUse {
  return {
    metrics: [...expression.matchAll(SELECTOR)].map(([, name = '', matchers = '']) => ({
      name,
      labels: [...matchers.matchAll(MATCHER)].map(([, label = '']) => label),
    })),
    groupedBy: [...expression.matchAll(GROUPING)].flatMap(([, labels = '']) =>
      labels
        .split(',')
        .map((label) => label.trim())
        .filter((label) => label !== ''),
    ),
  };
}
