import type { Item, Tag } from '@heddle/protocol/item'
import type { EvaluationMessage, Result } from '@heddle/protocol/message'

/** Where weights come from. Whoever hands one over has verified what it returns. */
export type WeightSource = {
  readonly sizeBytes: number
  /** Fills all of `into` from byte `position` of the file; rejects where it cannot. */
  read(into: Uint8Array, position: number): Promise<void>
}

export type InferencePorts = {
  /** Reads the compiled kernels; the runtime's disk fits. */
  readonly disk: { read(path: string): Promise<Uint8Array | undefined> }
  readonly crypto: { sha256(bytes: Uint8Array): Uint8Array }
}

/** Kept items, seen from here. */
export type KeptItems = {
  /** An item by id, its signature checked. */
  item(id: string): Promise<Item | undefined>
  /** Keeps an item; durable when it resolves. */
  keep(item: Item): Promise<void>
  /** Ids of kept items that have all these tags, oldest first. */
  tagged(tags: Readonly<Record<string, string>>, limit: number): Promise<string[]>
}

export type EvaluatedSlot = { readonly slot: number; readonly result: Result }

/** Results of processes, seen from here. */
export type ProcessResults = {
  /** At least one, where there is one; no more once they have `bytesMax`. */
  evaluations(
    processId: string,
    fromSlot: number,
    limit: number,
    bytesMax: number,
  ): Promise<readonly EvaluatedSlot[]>
  onEvaluated(listener: (processId: string, slot: number) => void): void
  /** Tags of the item that spawned a process. */
  tagsOf(processId: string): Promise<readonly Tag[]>
}

/** Processes of this node, seen from here. */
export type HostedProcesses = {
  /** Ids, in order of spawn. */
  processes(): Iterable<string>
  /** Slots scheduled. */
  head(processId: string): number
  /** The item that spawned a process. */
  spawnItem(processId: string): Promise<Item | undefined>
  /** Gives a signed message its slot; durable when it resolves. */
  schedule(item: Item): Promise<{ readonly id: string; readonly slot: number }>
  /** Waits for the result of a slot. */
  result(
    processId: string,
    slot: number,
    signal?: AbortSignal,
  ): Promise<{ readonly result: Result }>
  dryRun(
    processId: string,
    message: Partial<EvaluationMessage>,
    signal?: AbortSignal,
  ): Promise<Result>
}
