/** Answers of a node's `/explorer/api`, as the node gives them and the page reads them. */

/** One second of the node. Latency is from durable slot to durable result. */
export type Sample = {
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly scheduledPerSecond: number
  readonly evaluatedPerSecond: number
  /** Slots that have no result yet, over all processes. */
  readonly backlogSlots: number
  readonly latencyMedianMs: number | null
  readonly latencyHighMs: number | null
  readonly processes: number
  readonly height: number
  readonly memoryBytes: number
  readonly diskUsedBytes: number
  readonly diskFreeBytes: number
}

export type PeerState = {
  readonly url: string
  readonly state: 'here' | 'away' | 'unknown'
  /** Time the peer took to answer. */
  readonly roundTripMs?: number
}

/** Something that happened to a slot. */
export type SlotEvent = {
  readonly kind: 'scheduled' | 'evaluated'
  readonly processId: string
  readonly slot: number
  readonly atMs: number
  /** From durable slot to durable result. */
  readonly latencyMs?: number
}

/** Events of the live feed since the last batch. */
export type SlotBatch = {
  readonly events: readonly SlotEvent[]
  /** Events that did not fit. */
  readonly skipped: number
}

export type Overview = {
  readonly nowMs: number
  /** Of the last quarter of an hour, oldest first. */
  readonly samples: readonly Sample[]
  readonly peers: readonly PeerState[]
  /** The newest events, oldest first. */
  readonly recent: readonly SlotEvent[]
}

/** Part of a list, and how long the list is. */
export type RowPage<Row> = { readonly total: number; readonly rows: readonly Row[] }

/** What a process's spawn item says, for lists. */
export type ProcessFacts = {
  readonly name: string
  readonly owner: string
  readonly module: string
  readonly spawnedMs: number
  /** Process that spawned it. */
  readonly parent?: string
}

/** How far a process is. */
export type ProcessProgress = { readonly slots: number; readonly evaluated: number }

export type ProcessRow = ProcessFacts &
  ProcessProgress & {
    readonly id: string
    /** Place in the order of spawn, as `/cu/processes?from=` counts. */
    readonly at: number
  }

export type ProcessSort = 'newest' | 'oldest' | 'busiest' | 'backlog'

export type ProcessPage = RowPage<ProcessRow> & {
  /** Processes whose names a search can find so far. */
  readonly named: number
}

/** One process. Its facts are absent where the log was recovered without its spawn item. */
export type ProcessAnswer = Partial<ProcessFacts> &
  ProcessProgress & { readonly id: string; readonly parentName?: string }

/** One slot of a log in a line: what came, and what it gave where that is known. */
export type SlotRow = {
  readonly slot: number
  /** Id of the message; for slot 0 of the process. */
  readonly id: string
  readonly action: string
  /** Sending process, else the address that signed. */
  readonly from: string
  readonly timestampMs: number
  readonly bytes: number
  /** Interval of a cron tick. */
  readonly cron?: string
  readonly outcome?: SlotOutcome
}

export type SlotOutcome = {
  readonly error?: string
  readonly messages: number
  readonly spawns: number
  readonly assignments: number
  readonly gasUsed: number
  /** The beginning of what was printed. */
  readonly output: string
}

/** When this node saw what, milliseconds since 1970. Absent: before it started, or forgotten. */
export type Moments = {
  /** When it was taken in, its signature checked. */
  readonly receivedMs?: number
  readonly scheduledMs?: number
  readonly evaluatedMs?: number
  /** When storers had its rows. */
  readonly publishedMs?: number
  /** When their certificate was durable here. */
  readonly certifiedMs?: number
}

export type SlotMoments = Moments & { readonly scheduled: boolean; readonly evaluated: boolean }

/** Somebody a process talks with: messages it got from there, and sent there. */
export type Partner = {
  readonly id: string
  readonly received: number
  readonly sent: number
  /** Whether it is a process of this node, and its name then. */
  readonly process?: boolean
  readonly name?: string
}

/** What a process did in its newest slots. */
export type Activity = {
  readonly fromSlot: number
  readonly slots: number
  readonly fromMs: number
  readonly toMs: number
  readonly bytes: number
  readonly gasUsed: number
  readonly errors: number
  readonly messages: number
  readonly spawns: number
  /** Busiest first. */
  readonly partners: readonly Partner[]
}

/** A blob that was certified, by its certificate. */
export type BlobRow = {
  readonly commitment: string
  readonly lengthBytes: number
  readonly k: number
  readonly n: number
  readonly epoch: number
  /** Absent: kept for ever. */
  readonly expiresAtSeconds?: number
  readonly members: number
  readonly signers: number
}
