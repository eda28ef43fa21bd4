import type { Item } from '@heddle/protocol/item'

/** A unit to be checked, as it answers over the network. Nothing it says is believed. */
export type CheckedUnit = {
  /** Body of `/cu/proof/:process/:slot`. */
  proof(processId: string, slot: number): Promise<unknown>
  /** Bodies of `/cu/proofs/:process`, one per slot from `fromSlot`; at least one. */
  proofs(processId: string, fromSlot: number, limit: number): Promise<readonly unknown[]>
  /** The item of `/cu/checkpoint/:process?to=slot`; undefined where there is none. */
  checkpoint(processId: string, slotMax: number): Promise<Item | undefined>
}

export type VerifyRequest = {
  readonly processId: string
  readonly slot: number
  /** Begins at a state the unit signed, where it has one, instead of running every slot before. */
  readonly fromCheckpoint?: boolean | undefined
}
