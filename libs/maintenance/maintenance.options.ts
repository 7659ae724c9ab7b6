export class MaintenanceOptions {
  /** How long audit events are kept. */
  auditRetentionSeconds!: number;
}
