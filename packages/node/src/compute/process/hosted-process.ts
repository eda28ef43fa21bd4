import type { HeddleError } from '@heddle/protocol/base'
import type { Assignment } from '@heddle/protocol/message'
import type { Cancel } from '../../runtime/index.ts'
import type { ComputeThread } from '../pool/compute-thread.ts'
import type { Footprint } from '../worker/protocol.ts'
import type { ProcessFacts } from './facts.ts'
import { Lane } from './lane.ts'
import type { PreparedBatch } from './prepare.ts'
import { SlotWaiters } from './slot-waiters.ts'

/** What the unit remembers of one process while there is something to remember. */
export type HostedProcess = {
  readonly id: string
  /** Names the process in a thread's watch. */
  readonly number: number
  /** Batches, captures and going to sleep, one after another. */
  readonly lane: Lane
  facts: ProcessFacts | undefined
  /** Assignment of the slot before the next one, where it is known. */
  previous: Assignment | undefined
  /** The result chain before the next slot, where it is known. */
  resultChain: Uint8Array | undefined
  /** The batch being read while the one before is evaluated. */
  prefetched: Promise<PreparedBatch> | undefined
  /** Messages to read at once; falls where they are large. */
  batchMessages: number
  /** Where the process is live, with the state before its next slot. */
  thread: ComputeThread | undefined
  evaluating: boolean
  /** So many lighter messages it takes until it may wake among others again. */
  heavyFor: number
  /** What it holds while it is live, or held when it was last. */
  footprint: Footprint | undefined
  /** What its evaluations cost since the unit started. */
  readonly cost: { evaluations: number; gasUsed: number; elapsedMs: number }
  /** Why nothing goes on. Of kind `invalid` or `internal`: for good. */
  halt: HeddleError | undefined
  /** What tries again, while it waits; readers may be before it. */
  retry: Cancel | undefined
  /** The slot at which a module or an item was missing last, and how often in a row. */
  missed: { readonly slot: number; readonly times: number }
  /** Slots whose result the watchdog decided. */
  readonly verdicts: Map<number, string>
  /** A slot that was being evaluated when its thread crashed: it is tried once more, alone. */
  suspectSlot: number | undefined
  /** Threads lost since the last batch that went well. */
  losses: number
  readonly waiters: SlotWaiters
  /** `Error` of the newest failed slot since the unit started. */
  lastError: { readonly slot: number; readonly text: string } | undefined
}

export function hostProcess(id: string, number: number): HostedProcess {
  return {
    id,
    number,
    lane: new Lane(),
    facts: undefined,
    previous: undefined,
    resultChain: undefined,
    prefetched: undefined,
    batchMessages: 8,
    thread: undefined,
    evaluating: false,
    heavyFor: 0,
    footprint: undefined,
    cost: { evaluations: 0, gasUsed: 0, elapsedMs: 0 },
    halt: undefined,
    retry: undefined,
    missed: { slot: -1, times: 0 },
    verdicts: new Map(),
    suspectSlot: undefined,
    losses: 0,
    waiters: new SlotWaiters(),
    lastError: undefined,
  }
}

/** Tells whether waiting cannot help. */
export function isFinal(halt: HeddleError): boolean {
  return halt.kind === 'invalid' || halt.kind === 'internal' || halt.kind === 'denied'
}
