/** Bounds of what the explorer keeps and answers. None of it changes what the node does. */
export const explorerLimits = {
  /** Between two samples of throughput, latency and backlog. */
  sampleEveryMs: 1_000,
  /** Samples kept: a quarter of an hour. */
  samplesMax: 900,
  /** Between two looks at disk and peers; the folder is walked for it. */
  hostEveryMs: 10_000,
  /** A peer that does not answer in this time is shown as away. */
  peerPatienceMs: 3_000,
  /** Slots whose moments (scheduled, evaluated) are remembered. */
  momentsMax: 65_536,
  /** Latencies looked at for one sample. */
  latenciesMax: 4_096,
  /** Events of the feed are sent this often, together. */
  flushEveryMs: 100,
  /** Events in one batch; those beyond are counted, not sent. */
  batchEventsMax: 256,
  /** Events a page that has just opened is shown. */
  recentEvents: 32,
  /** A comment is sent this often, so that a proxy does not take a quiet feed for a dead one. */
  heartbeatMs: 15_000,
  /** Feeds open at once. */
  readersMax: 128,
  /** Rows in one answer. */
  rowsMax: 200,
  /** Slots read at a time; also how often long work lets others run. */
  pageSlots: 50,
  /** Results read at a time, bytes; one may have 15 MiB. */
  pageBytes: 16 * 1024 * 1024,
  /** Newest slots looked at for a process's partners and cost. */
  activitySlots: 1_000,
  /** A sorted list of processes is reused this long. */
  listReuseMs: 2_000,
  /** Processes whose spawn items are read at a time. */
  namesAtOnce: 16,
  /** Ids in one question for names. */
  namesMax: 64,
  searchLength: 128,
  previewLength: 240,
} as const
