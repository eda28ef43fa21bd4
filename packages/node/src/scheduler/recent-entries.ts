import type { LogEntry } from '@heddle/protocol/message'

/**
 * The newest durable entries, up to a number of bytes, so that whoever follows a log right behind
 * its head needs neither the disk nor a second parse.
 */
export class RecentEntries {
  readonly #bytesMax: number
  readonly #entries = new Map<string, LogEntry>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  add(entry: LogEntry): void {
    const { processId, slot } = entry.assignment
    this.#entries.set(keyOf(processId, slot), entry)
    this.#bytes += weight(entry)
    for (const [key, oldest] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) break
      this.#entries.delete(key)
      this.#bytes -= weight(oldest)
    }
  }

  get(processId: string, slot: number): LogEntry | undefined {
    return this.#entries.get(keyOf(processId, slot))
  }
}

/** Bytes an entry takes on the wire: what limits of pages and memory count. */
export function entryBytes(entry: LogEntry): number {
  return entry.assignment.item.bytes.length + (entry.message?.bytes.length ?? 0)
}

/** What an entry takes in memory: its bytes and, roughly, the objects made of them. */
function weight(entry: LogEntry): number {
  return entryBytes(entry) + 2048
}

function keyOf(processId: string, slot: number): string {
  return `${processId}/${slot}`
}
