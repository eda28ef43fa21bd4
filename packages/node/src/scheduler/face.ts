import type { Item } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'

/** What a caller gets once its item has a durable slot. */
export type Receipt = {
  /** Id of the message or process; of the assignment where an existing item was assigned. */
  readonly id: string
  readonly processId: string
  readonly slot: number
  readonly timestampMs: number
}

export type AssignOptions = { readonly baseLayer?: boolean; readonly exclude?: readonly string[] }

/** Identity of what a slot emitted (DESIGN §5.4). A repeat of it is dropped, whoever delivers it. */
export type SchedulerFace = {
  /**
   * Gives a verified item its slot: slot 0 for `Type: Process`, the next one for `Type: Message`.
   * Resolves when durable. An item already scheduled here rejects with `message-exists` (conflict),
   * whose `details` hold the receipt first given, so a repeat can be answered as a success.
   */
  schedule(item: Item): Promise<Receipt>
  /** Assigns an existing item (by id) to a process. */
  assign(processId: string, messageId: string, options: AssignOptions): Promise<Receipt>
  /**
   * Entries from `fromSlot`, at most `limit`, durable ones only. Large ones may come in fewer at a
   * time, but never none while there is one: ask again from the slot behind the last.
   */
  entries(processId: string, fromSlot: number, limit: number): Promise<LogEntry[]>
  /** Slot of a message (or assignment) id within a process. */
  slotOf(processId: string, id: string): Promise<number | undefined>
  /** Next free slot; 0 for a process this scheduler does not host. */
  head(processId: string): number
  /** Ids of all processes hosted here, in order of spawn. */
  processes(): Iterable<string>
  /** Calls back after each durable append. */
  onScheduled(listener: ScheduledListener): void
}

/** `receivedMs`: when the item was taken in, its signature checked; undefined for adopted entries. */
export type ScheduledListener = (
  processId: string,
  slot: number,
  receivedMs: number | undefined,
) => void
