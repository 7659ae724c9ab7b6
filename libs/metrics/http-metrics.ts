import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Label of all requests without a route. */
const NO_ROUTE = 'none';
/** Methods with a label of their own; all others share one label. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const OTHER_METHOD = 'other';

interface Observers {
  /** Answers that are not yet in the counter. */
  uncounted: number;
  count: { inc(answers: number): void };
  duration: { observe(seconds: number): void };
}

/** Answers of one route, by status. */
export class RouteMetrics {
  /** By status, so that a request creates no labels. */
  private readonly byStatus: (Observers | undefined)[] = [];

  constructor(private readonly create: (status: number) => Observers) {}

  /** The answer was sent, or its connection broke. */
  answered(status: number, seconds: number): void {
    const observers = (this.byStatus[status] ??= this.create(status));
    observers.uncounted += 1;
    observers.duration.observe(seconds);
  }

  /** Adds to the counters. Each addition looks up labels, so it is not done for each answer. */
  count(): void {
    for (const observers of this.byStatus) {
      if (observers !== undefined) {
        observers.count.inc(observers.uncounted);
        observers.uncounted = 0;
      }
    }
  }
}

/** Requests, by route pattern. */
export class HttpMetrics {
  private readonly routes: RouteMetrics[] = [];
  private readonly requests: Counter;
  private readonly durations: Histogram;

  constructor(private readonly registry: Registry) {
    this.requests = new Counter({
      name: 'latchkey_http_requests_total',
      help: 'Requests that were answered, by route pattern, method and status.',
      labelNames: ['route', 'method', 'status'],
      registers: [registry],
      collect: () => this.routes.forEach((route) => route.count()),
    });
    this.durations = new Histogram({
      name: 'latchkey_http_request_duration_seconds',
      help: 'Time from the head of a request to the end of its answer.',
      labelNames: ['route', 'method', 'status_class'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    });
  }

  /**
   * The caller keeps it for its route.
   * @param pattern as registered, never a URL; undefined for requests without a route.
   */
  route(method: string, pattern?: string): RouteMetrics {
    const route = pattern ?? NO_ROUTE;
    const verb = METHODS.has(method) ? method : OTHER_METHOD;
    const metrics = new RouteMetrics((status) => ({
      uncounted: 0,
      count: this.requests.labels(route, verb, String(status)),
      duration: this.durations.labels(route, verb, `${Math.floor(status / 100)}xx`),
    }));
    this.routes.push(metrics);
    return metrics;
  }

  /** @param count of the requests whose answer is not complete, read at each scrape. */
  watchInFlight(count: () => number): void {
    new Gauge({
      name: 'latchkey_http_requests_in_flight',
      help: 'Requests whose answer is not complete.',
      registers: [this.registry],
      collect() {
        this.set(count());
      },
    });
  }
}
