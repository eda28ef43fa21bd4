import { createCatalog, expandModule, modelFormats, sha256Hash } from '@heddle/node/inference'
import { type CheckedUnit, type Checker, openChecker, type Verification } from '@heddle/node/main'
import { createRuntime, nodeCrypto } from '@heddle/node/runtime'
import { encodeBase64Url, HeddleError, isHeddleError } from '@heddle/protocol/base'
import { type Item, parseItem, verifyItem } from '@heddle/protocol/item'
import type { Client } from '@heddle/sdk'
import { type Given, idArgument, usageError } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, withProgress } from '../output.ts'

/**
 * Runs a slot here and compares with what the node says it gave. Exit code 0 only where they agree.
 */
export async function verifySlot(
  process: string | undefined,
  slotText: string,
  { flags, signal }: Given,
): Promise<number> {
  const processId = idArgument('process', process)
  const slot = slotArgument(slotText)
  const client = connect(flags)
  const checker = openClientChecker(client, signal)
  const request = { processId, slot, fromCheckpoint: flags['from-checkpoint'] === true }
  const checking = checker.verify(unitOf(client, signal), request).finally(checker.close)
  const found = await withProgress('running it here', checking)
  answer(flags.json === true, jsonOf(found), describe(found, slot))
  return found.outcome === 'verified' ? 0 : 1
}

/** Runs slots of processes with what a node keeps: modules, and the models that are one or are called. */
export function openClientChecker(client: Client, signal: AbortSignal): Checker {
  const item = (id: string) => itemOf(client, id, signal)
  const catalog = createCatalog(
    { item, keep: async () => undefined, tagged: async () => [] },
    sha256Hash(nodeCrypto.sha256),
  )
  return openChecker(
    {
      items: { item },
      verify: (each: Item) => verifyItem(each, nodeCrypto),
      expandModule: (module, use) => expandModule(module, { catalog, items: { item } }, use),
      engine: nodeCrypto,
      runtime: createRuntime(),
    },
    { moreFormats: modelFormats },
  )
}

function jsonOf(found: Verification): Record<string, unknown> {
  if (found.outcome !== 'verified') return found
  const { rootAfter, ...rest } = found
  return { ...rest, stateRoot: rootAfter === undefined ? null : encodeBase64Url(rootAfter) }
}

function unitOf({ transport }: Client, signal: AbortSignal): CheckedUnit {
  return {
    proof: async (processId, slot) =>
      (await transport.get(`/cu/proof/${processId}/${slot}`, signal)).json(),
    async proofs(processId, fromSlot, limit) {
      const query = `from=${fromSlot}&limit=${limit}`
      const page = (await transport.get(`/cu/proofs/${processId}?${query}`, signal)).json()
      const proofs = (page as { proofs?: unknown } | null)?.proofs
      if (Array.isArray(proofs)) return proofs
      throw new HeddleError('answer-unexpected', 'unavailable', `${transport.url} sent no proofs`)
    },
    async checkpoint(processId, slotMax) {
      try {
        const { body } = await transport.get(`/cu/checkpoint/${processId}?to=${slotMax}`, signal)
        return parseItem(body, nodeCrypto)
      } catch (error) {
        // None, or none that can be read: it is checked from slot 0 then.
        if (isHeddleError(error) && error.kind !== 'unavailable') return undefined
        throw error
      }
    },
  }
}

async function itemOf(client: Client, id: string, signal: AbortSignal): Promise<Item | undefined> {
  return await client.item(id, signal).catch((error: unknown) => {
    if (isHeddleError(error) && error.kind === 'missing') return undefined
    throw error
  })
}

function describe(found: Verification, slot: number): string {
  const basis =
    found.fromSlot === 0
      ? 'every slot was run here, from slot 0'
      : `run from the node's signed checkpoint before slot ${found.fromSlot}`
  const taken = found.takenSlots.length
  const trust = taken === 0 ? '' : `, ${taken} of them ended by the node's clock and not repeatable`
  const by = found.attestedBy === undefined ? 'signed by nobody' : `signed by ${found.attestedBy}`
  const place = found.slot === slot ? '' : ` at slot ${found.slot}, before the one asked for`
  switch (found.outcome) {
    case 'verified':
      return `verified   slot ${slot}: ${basis}${trust}; ${by}`
    case 'differs':
      return (
        `differs    ${found.field}${place}: the node says ${shown(found.claimed)}, ` +
        `here it is ${shown(found.found)}; ${by}`
      )
    case 'undecided':
      return `cannot     say${place}: ${found.reason}`
  }
}

const shownLength = 120

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text
}

function slotArgument(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw usageError(`"${text}" is not a slot: give a whole number from 0`)
}
